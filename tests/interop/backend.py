"""Imports ONNX's own backend tests with `cnnc` and compares what the texts compute with the expected outputs.

    python backend.py CNNC [--list]      a table of right and refused by kind; wrong ones and crashes one a line

The tests are those of the Python package `onnx` whose first input is a float32 map (four axes) or matrix. Further
inputs become initialisers. A test is right where every output equals the expected one to 1e-4 of its largest
value or to the test's own tolerance, and refused where `cnnc import` ends with code 1. Anything else is wrong: then
this script ends with code 1.
`--list` prints the verdict of every test with the first note of a refusal.
"""
import glob
import os
import subprocess
import sys
import tempfile

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.backend.test.loader import load_model_tests

KINDS = ["node", "pytorch-converted", "pytorch-operator", "simple"]
TOLERANCE = 1e-4


def tensors(folder, kind):
    """The arrays of a data set in the order of the model's inputs or outputs; `None` for what is not a tensor."""
    arrays = []
    for index in range(len(glob.glob(os.path.join(folder, f"{kind}_*.pb")))):
        tensor = onnx.TensorProto()
        try:
            with open(os.path.join(folder, f"{kind}_{index}.pb"), "rb") as file:
                tensor.ParseFromString(file.read())
            arrays.append(numpy_helper.to_array(tensor))
        except Exception:
            arrays.append(None)
    return arrays


def arrays(values):
    return [value if isinstance(value, np.ndarray) else np.asarray(value) if np.isscalar(value) else None
            for value in values]


def prepared(case):
    """The model with its further inputs as initialisers, the first input and the expected outputs; or `None`."""
    if case.model_dir is None:
        model = onnx.ModelProto()
        model.CopyFrom(case.model)
        inputs, outputs = (arrays(values) for values in case.data_sets[0])
    else:
        model = onnx.load(os.path.join(case.model_dir, "model.onnx"))
        data = os.path.join(case.model_dir, "test_data_set_0")
        inputs, outputs = tensors(data, "input"), tensors(data, "output")
    given = {tensor.name for tensor in model.graph.initializer}
    ports = [port for port in model.graph.input if port.name not in given]
    if not inputs or inputs[0] is None or inputs[0].dtype != np.float32 or inputs[0].ndim not in (2, 4):
        return None
    if any(array is None for array in inputs + outputs) or len(inputs) > len(ports):
        return None
    for port, array in zip(ports[1:], inputs[1:]):
        model.graph.initializer.append(numpy_helper.from_array(array, port.name))
        model.graph.input.remove(port)
    return model, ports[0].name, inputs[0], outputs


def equal(ours, expected, rtol):
    """Whether some output of the text holds the expected values, in this order or with the channels last."""
    scale = max(1e-6, float(np.abs(expected).max(initial=0)))
    for array in ours:
        if array.size != expected.size:
            continue
        candidates = [array.reshape(-1)]
        if expected.ndim == 4 and array.ndim == 4:
            candidates.append(array.transpose(0, 2, 3, 1).reshape(-1))
        flat = expected.astype(np.float64).reshape(-1)
        bounds = [{"rtol": 0, "atol": TOLERANCE * scale}, {"rtol": rtol, "atol": 1e-7}]
        if any(np.allclose(one, flat, equal_nan=True, **bound) for one in candidates for bound in bounds):
            return True
    return False


def computed(cnnc, text, value):
    """The outputs of a text for an input, with the weights beside it, and what is said where it fails."""
    base = os.path.splitext(text)[0]
    weights, given, result = base + ".safetensors", base + "-in.npy", base + "-out.npz"
    np.save(given, np.ascontiguousarray(value))
    known = ["--weights", weights] if os.path.exists(weights) else []
    done = subprocess.run([cnnc, "run", text, *known, "--threads", "1", "--output", result, "--input", given],
                          capture_output=True, text=True)
    if done.returncode:
        return None, f"run ends with code {done.returncode}: {done.stderr}\n{open(text).read()}"
    return list(np.load(result).values()), ""


def verdict(cnnc, case, folder):
    found = prepared(case)
    if found is None:
        return None
    model, name, value, outputs = found
    path, text = os.path.join(folder, "net.onnx"), os.path.join(folder, "net.cnn")
    for old in glob.glob(os.path.join(folder, "*")):
        os.remove(old)
    onnx.save(model, path)
    size = "x".join(map(str, value.shape))
    done = subprocess.run([cnnc, "import", path, "-o", text, "--input", f"{name}={size}"],
                          capture_output=True, text=True)
    if done.returncode == 1:
        return "refused", done.stderr
    if done.returncode:
        return "WRONG", f"import ends with code {done.returncode}: {done.stderr}"
    ours, failure = computed(cnnc, text, value)
    if ours is None:
        return "WRONG", failure
    if all(equal(ours, expected, case.rtol) for expected in outputs):
        return "right", ""
    return "WRONG", open(text).read()


def main():
    cnnc, listed = sys.argv[1], "--list" in sys.argv
    counts, wrong = {}, 0
    with tempfile.TemporaryDirectory() as folder:
        for kind in KINDS:
            for case in load_model_tests(kind=kind):
                try:
                    result = verdict(cnnc, case, folder)
                except Exception as error:
                    result = "skipped", f"{type(error).__name__}: {error}"
                if result is None:
                    continue
                row = counts.setdefault(kind, {})
                row[result[0]] = row.get(result[0], 0) + 1
                wrong += result[0] != "right" and result[0] != "refused"
                if listed or result[0] in ("WRONG", "skipped"):
                    print(f"{result[0]:8s} {case.name:60s} {' | '.join(result[1].split(chr(10)))[:400]}", flush=True)
    for kind, row in counts.items():
        print(f"{kind:20s} " + "  ".join(f"{name} {count}" for name, count in sorted(row.items())))
    print(f"{sum(row.get('right', 0) for row in counts.values())} right, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
