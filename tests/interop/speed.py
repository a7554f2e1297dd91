"""Times and memory of `cnnc` on large ONNX files: the least of five runs, and the greatest resident set.

    python speed.py CNNC FOLDER         exports the files into FOLDER first, where they are missing
"""
import os
import subprocess
import sys
import time

NETWORKS = ["resnet50", "efficientnet_b7", "densenet201"]


def large(path):
    """A model of 1 GiB: 30 convolutions of 1024 channels."""
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper
    nodes, tensors, value = [], [], "x"
    for layer in range(30):
        inputs, last = (3 if layer == 0 else 1024), layer == 29
        weight = numpy_helper.from_array(np.zeros((1024, inputs, 3, 3), np.float32), f"layer{layer}.weight")
        tensors.append(weight)
        output = "y" if last else f"v{layer}"
        nodes.append(helper.make_node("Conv", [value, weight.name], [output], pads=[1, 1, 1, 1]))
        value = output
    port = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3 if name == "x" else 1024, 32, 32])
    graph = helper.make_graph(nodes, "large", [port("x")], [port("y")], tensors)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


def export_all(folder):
    os.makedirs(folder, exist_ok=True)
    for name in NETWORKS:
        path = os.path.join(folder, name + ".onnx")
        if not os.path.exists(path):
            import export_models
            model = export_models.torchvision_model(name)
            export_models.export(model, (3, 224, 224), path)
    path = os.path.join(folder, "large.onnx")
    if not os.path.exists(path):
        large(path)


def measured(command, times=5):
    """The least of several times in seconds; the greatest resident set in MiB."""
    best, memory = float("inf"), 0
    for _ in range(times):
        start = time.monotonic()
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        best = min(best, time.monotonic() - start)
        memory = max(memory, usage.ru_maxrss / 1024)
        if status:
            raise SystemExit(f"{command} ends with {status}")
    return best, memory


def main():
    cnnc, folder = sys.argv[1], sys.argv[2]
    child = os.fork()
    if child == 0:  # the memory of this process would count as that of the commands
        export_all(folder)
        os._exit(0)
    os.waitpid(child, 0)
    for name in NETWORKS + ["large"]:
        path = os.path.join(folder, name + ".onnx")
        size = os.path.getsize(path) / 2**20
        for words in (["import", path], ["report", path]):
            seconds, memory = measured([cnnc, *words])
            print(f"{name:16s} {size:7.0f} MiB  {words[0]:7s} {seconds:6.3f} s  {memory:5.0f} MiB", flush=True)


if __name__ == "__main__":
    main()
