"""Compares `cnnc bench` with ONNX Runtime and OpenVINO, side by side in one run.

Each engine runs in a process of its own that lives through all rounds. In a round every engine runs in turn, so
that a change of the machine meets all of them; rounds in which other processes took processor time are dropped.
The networks are built in PyTorch (torchvision) and exported to ONNX, those that torchvision lacks by `cnnc export`;
weights are random, as times do not depend on them. Prints a table of milliseconds for a batch, the time of cnnc over
that of the better engine, each engine's peak memory, and its share of the machine's multiply-accumulates, beside the
measured peak and bandwidth.

`--precision` is that of cnnc. Engines are of one class where they multiply alike: `f32`, `bf16` (8 bits of each factor,
or more), or `16 bits` (three products of bf16 for one of f32, which only cnnc has). A ratio is that to the better engine
of the same class, and none is printed where no other engine has the class; times and memory of all stand beside it.
ONNX Runtime computes in f32. OpenVINO is asked for f32, and for `medium` for bf16, which it takes by itself on machines
that have instructions for it; what it then computes is read from the compiled network. What cnnc computes is read from
the steps of `cnnc bench`: `medium` is f32 in a network without fully-connected layers on a machine without a matrix unit.

Needs: pip install torch torchvision onnx onnxruntime openvino
Use:   python tests/bench/compare.py [--precision highest|high|medium] [--threads 1,2] [--batch 1] [--rounds 30]
                                     [--pause 0] [--json FILE] [NETWORK ...]
"""

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# name: the .cnn file below the repository, its network, and the model of torchvision, where there is one
NETWORKS = {
    "alexnet": ("examples/zoo/alexnet_torchvision.cnn", None, "alexnet"),
    "googlenet": ("examples/zoo/googlenet_torchvision.cnn", None, "googlenet"),
    "resnet18": ("examples/zoo/resnet.cnn", "resnet18", "resnet18"),
    "resnet50": ("examples/zoo/resnet.cnn", "resnet50", "resnet50"),
    "inception_v3": ("examples/zoo/inception_v3.cnn", None, "inception_v3"),
    "vgg16": ("examples/zoo/vgg.cnn", "vgg16", "vgg16"),
    "mobilenet_v2": ("examples/zoo/mobilenet_v2.cnn", None, "mobilenet_v2"),
    "densenet121": ("examples/zoo/densenet.cnn", "densenet121", "densenet121"),
    "lenet5": ("examples/zoo/lenet5.cnn", None, "lenet5"),
    "unet": ("examples/zoo/unet.cnn", None, None),
    "unet_2015": ("examples/zoo/unet_2015.cnn", None, None),
    "dcgan_generator": ("examples/zoo/dcgan.cnn", "dcgan_generator", None),
}
# What a step of cnnc multiplies, and the class that it makes the network; the last that some step has decides.
CLASSES = {"f32": "f32", "bf16x6": "f32", "bf16x3": "16 bits", "bf16-weights": "bf16", "bf16": "bf16"}
SIX = ["alexnet", "googlenet", "resnet18", "resnet50", "inception_v3", "vgg16"]


def model(name):
    """The PyTorch module and its input shape for one picture."""
    import torch

    if name == "lenet5":
        nn = torch.nn
        return nn.Sequential(
            nn.Conv2d(1, 6, 5), nn.Tanh(), nn.AvgPool2d(2),
            nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2), nn.Flatten(),
            nn.Linear(400, 120), nn.Tanh(), nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10), nn.Softmax(1),
        ), (1, 32, 32)
    import torchvision

    extra = {"googlenet": {"aux_logits": False}, "inception_v3": {"aux_logits": True}}.get(name, {})
    if name in ("googlenet", "inception_v3"):
        extra["init_weights"] = False
    side = 299 if name == "inception_v3" else 224
    return getattr(torchvision.models, NETWORKS[name][2])(weights=None, **extra), (3, side, side)


def export(name, batch, folder, cnnc):
    """Writes the network as ONNX; in a process of its own, because PyTorch stays large."""
    path = Path(folder) / f"{name}.{batch}.onnx"
    file, network, of_torchvision = NETWORKS[name]
    if path.exists():
        return str(path)
    if of_torchvision is None:
        command = [cnnc, "export", str(ROOT / file), "--to", "onnx", "--seed", "1", "--batch", str(batch), "-o", str(path)]
        subprocess.run(command + (["--network", network] if network else []), check=True)
    else:
        subprocess.run([sys.executable, __file__, "--export", name, str(batch), str(path)], check=True)
    return str(path)


def input_shape(onnx):
    """The shape of the model's only input, the batch first."""
    import onnxruntime

    return onnxruntime.InferenceSession(onnx, providers=["CPUExecutionProvider"]).get_inputs()[0].shape


def export_here(name, batch, path):
    import torch

    network, shape = model(name)
    network.eval()
    with torch.no_grad():
        torch.onnx.export(network, torch.zeros(batch, *shape), path, dynamo=False, opset_version=17)


def serve(engine, path, threads, shape, hint):
    """An engine as a process: says its class, then runs once for each line of its input and answers with nanoseconds.
    `hint` is the precision that OpenVINO is asked for."""
    import numpy

    data = numpy.random.default_rng(0).uniform(-1, 1, shape).astype(numpy.float32)
    if engine == "onnxruntime":
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        feed = {session.get_inputs()[0].name: data}
        kind = "f32"

        def run():
            session.run(None, feed)
    else:
        import openvino

        core = openvino.Core()
        compiled = core.compile_model(
            path,
            "CPU",
            {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY",
             "INFERENCE_PRECISION_HINT": hint},
        )
        computed = compiled.get_property("INFERENCE_PRECISION_HINT")
        kind = {openvino.Type.f32: "f32", openvino.Type.bf16: "bf16"}.get(computed, str(computed))
        request = compiled.create_infer_request()

        def run():
            request.infer([data], share_inputs=True, share_outputs=True)

    run()
    print(f"ready {kind}", flush=True)
    for _ in sys.stdin:
        started = time.perf_counter_ns()
        run()
        print(time.perf_counter_ns() - started, flush=True)


class Engine:
    """A process that runs a network on demand, and its class, which it says itself where it is not given."""

    def __init__(self, name, command, kind=None):
        self.name = name
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline().strip()
        ready, _, said = line.partition(" ")
        if ready != "ready":
            raise SystemExit(f"{name} did not start: {line}")
        self.kind = kind or said

    def run(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline()) / 1e6

    def peak_memory(self):
        """MiB that were resident at most."""
        with open(f"/proc/{self.process.pid}/status") as status:
            line = next(line for line in status if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024

    def processor_time(self):
        with open(f"/proc/{self.process.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return int(fields[11]) + int(fields[12])

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def busy():
    """Ticks that all processors worked, and those that the hypervisor took away."""
    with open("/proc/stat") as stat:
        user, nice, system, _, _, irq, softirq, steal = map(int, stat.readline().split()[1:9])
    return user + nice + system + irq + softirq + steal


def class_of_cnnc(command):
    """The class of a network as `cnnc bench` computes it."""
    report = subprocess.run(command + ["--runs", "1", "--format", "json"], capture_output=True, text=True, check=True)
    factors = {step["factors"] for step in json.loads(report.stdout)["steps"]} - {None}
    unknown = factors - set(CLASSES)
    if unknown:
        raise SystemExit(f"cnnc multiplies {unknown}, of which this script does not know the class")
    return next((kind for word, kind in reversed(CLASSES.items()) if word in factors), "f32")


def compare(name, arguments, threads, folder):
    batch, cnnc, precision = arguments.batch, arguments.cnnc, arguments.precision
    file, network, _ = NETWORKS[name]
    onnx = export(name, batch, folder, cnnc)
    shape = input_shape(onnx)
    command = [cnnc, "bench", str(ROOT / file), "--threads", str(threads), "--batch", str(batch)]
    command += ["--precision", precision] + (["--network", network] if network is not None else [])
    engines = [Engine("cnnc", command + ["--on-demand"], class_of_cnnc(command))]
    for engine in ("onnxruntime", "openvino"):
        words = [str(threads), ",".join(map(str, shape)), "bf16" if precision == "medium" else "f32"]
        engines.append(Engine(engine, [sys.executable, __file__, "--serve", engine, onnx, *words]))
    for engine in engines:
        engine.run()
    # Runs of a round: several where a run is short, so that ticks can be told apart.
    repeats = max(1, min(200, round(60 / max(engine.run() for engine in engines))))
    found = []
    for _ in range(arguments.rounds):
        before, own_before, started = busy(), sum(one.processor_time() for one in engines), time.monotonic()
        times = []
        for engine in engines:
            # Threads of the engine before still spin for a while, on the processors that the next one needs.
            time.sleep(arguments.pause / 1000)
            times.append(min(engine.run() for _ in range(repeats)))
        ticks = (time.monotonic() - started) * os.sysconf("SC_CLK_TCK")
        own = sum(one.processor_time() for one in engines) - own_before
        found.append(((busy() - before - own) / ticks, times))
    memory = [engine.peak_memory() for engine in engines]
    for engine in engines:
        engine.close()
    quiet = [times for foreign, times in found if foreign < 0.1]
    if len(quiet) < 5:
        quiet = [times for _, times in sorted(found)[:5]]
    best = [min(times[index] for times in quiet) for index in range(len(engines))]
    rivals = [index for index, engine in enumerate(engines) if index > 0 and engine.kind == engines[0].kind]
    ratios = [times[0] / min(times[index] for index in rivals) for times in quiet if rivals]
    return {
        "network": name, "threads": threads, "batch": batch, "precision": precision,
        "classes": {engine.name: engine.kind for engine in engines},
        "cnnc_ms": best[0], "onnxruntime_ms": best[1], "openvino_ms": best[2],
        "ratio": best[0] / min(best[index] for index in rivals) if rivals else None,
        "median_ratio_of_rounds": statistics.median(ratios) if ratios else None,
        "cnnc_mib": memory[0], "onnxruntime_mib": memory[1], "openvino_mib": memory[2],
        "rounds": len(quiet), "dropped": len(found) - len(quiet),
    }


def macs(name, cnnc):
    """Multiply-accumulates of one picture by the definition; fewer are performed where an algorithm saves some."""
    file, network, _ = NETWORKS[name]
    command = [cnnc, "report", str(ROOT / file), "--format", "json"]
    if network is not None:
        command += ["--network", network]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)["totals"]["macs"]


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def as_ratio(ratio):
    """A ratio as text; a dash where there is none."""
    return "-" if ratio is None else f"{ratio:.2f}"


def main():
    if sys.argv[1:2] == ["--export"]:
        return export_here(sys.argv[2], int(sys.argv[3]), sys.argv[4])
    if sys.argv[1:2] == ["--serve"]:
        engine, path, threads, shape, hint = sys.argv[2:7]
        return serve(engine, path, int(threads), tuple(map(int, shape.split(","))), hint)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="*", default=SIX)
    parser.add_argument("--precision", choices=["highest", "high", "medium"], default="highest")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--pause", type=float, default=0, help="milliseconds before an engine's turn")
    parser.add_argument("--cnnc", default=str(ROOT / "target/release/cnnc"))
    parser.add_argument("--json")
    parser.add_argument("--onnx-folder", help="keeps the exported networks")
    arguments = parser.parse_args()
    results = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.onnx_folder or temporary
        os.makedirs(folder, exist_ok=True)
        for threads in map(int, arguments.threads.split(",")):
            machine = subprocess.run(
                [arguments.cnnc, "bench", "-e", "input 8; dense 8", "--threads", str(threads), "--format", "json"],
                capture_output=True, text=True, check=True,
            )
            machine = json.loads(machine.stdout)
            peak = machine["peak_gflops"]
            print(f"{threads} threads, batch {arguments.batch}, precision {arguments.precision}, f32 peak {peak:.0f} GFLOP/s, "
                  f"{machine['peak_gigabytes']:.0f} GB/s from memory")
            print(f"{'network':<14}{'cnnc':>9}{'ORT':>9}{'OpenVINO':>9}{'ratio':>7}{'rounds':>8}"
                  f"{'MiB':>7}{'ORT':>7}{'OV':>7}{'memory':>8}   share of the peak   classes")
            for name in arguments.networks:
                result = compare(name, arguments, threads, folder)
                results.append(result | {"peak_gflops": peak})
                work = 2e-6 * macs(name, arguments.cnnc) * arguments.batch / peak
                shares = [100 * work / result[f"{engine}_ms"] for engine in ("cnnc", "onnxruntime", "openvino")]
                print(f"{name:<14}{result['cnnc_ms']:9.3f}{result['onnxruntime_ms']:9.3f}{result['openvino_ms']:9.3f}"
                      f"{as_ratio(result['ratio']):>7}{result['rounds']:4}-{result['dropped']:<3}"
                      f"{result['cnnc_mib']:7.0f}{result['onnxruntime_mib']:7.0f}{result['openvino_mib']:7.0f}"
                      f"{result['cnnc_mib'] / result['onnxruntime_mib']:8.2f}"
                      f"{shares[0]:8.0f} {shares[1]:4.0f} {shares[2]:4.0f} %     {', '.join(result['classes'].values())}",
                      flush=True)
            rows = [one for one in results if one["threads"] == threads]
            ratios = [one["ratio"] for one in rows if one["ratio"] is not None]
            mean = f"geometric mean of {len(ratios)}: {geometric_mean(ratios):.2f}" if ratios else "no ratio"
            print(f"{mean}, memory {geometric_mean([one['cnnc_mib'] / one['onnxruntime_mib'] for one in rows]):.2f}\n")
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
