"""Exports networks with `cnnc export --to onnx` and compares what ONNX Runtime computes.

    python export_check.py CNNC operators [OPSET]        the operator cases of tests/fixtures/ops, against PyTorch's outputs
    python export_check.py CNNC zoo [OPSET] [NAME...]    shipped networks, against `cnnc run`

Every file passes the full check of `onnx`. A difference is relative to the largest output, or to 1 where that is smaller, and at
most 1e-4.
"""
import json
import os
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime as ort

HERE = os.path.dirname(os.path.abspath(__file__))
FIXTURES = os.path.join(HERE, "..", "fixtures")
sys.path.insert(0, FIXTURES)
import seeded  # noqa: E402

ort.set_default_logger_severity(4)
TOLERANCE = 1e-4


def outputs_of(path, seed, batch):
    """What ONNX Runtime computes for seeded inputs, by name."""
    onnx.checker.check_model(path, full_check=True)
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    inputs = {}
    for value in session.get_inputs():
        shape = [dim if isinstance(dim, int) else batch for dim in value.shape]
        inputs[value.name] = seeded.sym(seed, value.name, shape).astype(np.float32)
    names = [value.name for value in session.get_outputs()]
    return inputs, dict(zip(names, session.run(None, inputs)))


def difference(found, expected):
    if found.shape != expected.shape:
        return f"shape {found.shape} instead of {expected.shape}"
    same = np.isclose(found, expected, rtol=TOLERANCE, atol=1e-5, equal_nan=True)
    worst = float(np.nanmax(np.abs(found - expected)) / max(np.nanmax(np.abs(expected)), 1.0))
    return worst if same.all() or worst < TOLERANCE else f"differs by {worst:.1e}"


def operators(cnnc, opset):
    folder = os.path.join(FIXTURES, "ops")
    cases = json.load(open(os.path.join(folder, "cases.json")))
    expected = np.fromfile(os.path.join(folder, "outputs.f32"), dtype="<f4")
    wrong, worst = 0, 0.0
    with tempfile.TemporaryDirectory() as temporary:
        path = os.path.join(temporary, "case.onnx")
        for case in cases:
            command = [cnnc, "export", "-e", case["source"], "--to", "onnx", "--seed", str(case["seed"]),
                       "--batch", "dynamic", "--opset", opset, "-o", path]
            if case["random_bn"]:
                command.append("--random-bn")
            done = subprocess.run(command, capture_output=True, text=True)
            want = expected[case["offset"]:case["offset"] + case["len"]].reshape(case["shape"])
            try:
                found = "not exported: " + done.stderr if done.returncode else None
                found = found or difference(outputs_of(path, case["seed"], case["batch"])[1][case["output"]], want)
            except Exception as error:  # noqa: BLE001: whatever a runtime says is a finding
                found = f"{type(error).__name__}: {str(error)[:200]}"
            if isinstance(found, str):
                wrong += 1
                print(f"{case['name']}: {found}\n    {case['source']}")
            else:
                worst = max(worst, found)
    print(f"{len(cases) - wrong} of {len(cases)} cases agree (opset {opset}), largest difference {worst:.1e}")
    return wrong


def zoo(cnnc, names):
    opset = ["--opset", names.pop(0)] if names and names[0].isdigit() else []
    listed = subprocess.run([cnnc, "zoo"], capture_output=True, text=True, check=True).stdout
    names = names or [line.split()[0] for line in listed.splitlines()[1:] if line.strip()]
    wrong = 0
    with tempfile.TemporaryDirectory() as temporary:
        path, results = os.path.join(temporary, "net.onnx"), os.path.join(temporary, "out.npz")
        for name in names:
            source = [f"zoo:{name}"]
            command = [cnnc, "export", *source, "--to", "onnx", "--seed", "1", "--random-bn", *opset, "-o", path]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                wrong += 1
                print(f"{name}: not exported: {done.stderr}")
                continue
            try:
                inputs, found = outputs_of(path, 1, 1)
                given = []
                for number, (key, value) in enumerate(inputs.items()):
                    file = os.path.join(temporary, f"{number}.npy")
                    np.save(file, value)
                    given += ["--input", f"{key}={file}"]
                subprocess.run([cnnc, "run", *source, "--seed", "1", "--random-bn", *given, "--output", results],
                               check=True, capture_output=True)
                expected = np.load(results)
                each = {key: difference(found[key], expected[key]) for key in expected.files}
            except Exception as error:  # noqa: BLE001
                each = {"": f"{type(error).__name__}: {str(error)[:300]}"}
            bad = [f"{key}: {value}" for key, value in each.items() if isinstance(value, str)]
            wrong += bool(bad)
            worst = max((value for value in each.values() if not isinstance(value, str)), default=0)
            print(f"{name}: {'; '.join(bad) or f'agrees, {worst:.1e}'}", flush=True)
    print(f"{len(names) - wrong} of {len(names)} networks agree")
    return wrong


if __name__ == "__main__":
    cnnc, what, *rest = sys.argv[1:]
    wrong = operators(cnnc, (rest or ["17"])[0]) if what == "operators" else zoo(cnnc, rest)
    sys.exit(wrong > 0)
