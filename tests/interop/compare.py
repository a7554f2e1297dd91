"""Imports ONNX files with `cnnc` and compares what the texts compute with ONNX Runtime.

    python compare.py CNNC FILE.onnx...          one line a file: verdict, lines, difference, reason of a refusal

The compiler's own self-check has compared the graphs; here values are compared, and the keys and sizes of the
parameters with those that `export_models.py` wrote beside the file. Weights that a file leaves open or constant are
taken from its own tensors, as ONNX Runtime takes them.
"""
import json
import os
import re
import struct
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime as ort

ort.set_default_logger_severity(4)


def session_of(source):
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    return ort.InferenceSession(source, options, providers=["CPUExecutionProvider"])


def header(path):
    with open(path, "rb") as file:
        return json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))


def keys_of(path):
    listed = header(path)
    return {f"{key} {'x'.join(map(str, value['shape']))}" for key, value in listed.items() if key != "__metadata__"}


def compare(cnnc, path, folder, extra=(), model=None, draw=None):
    """`draw` makes the input of a shape; without it, it is noise."""
    text, weights = os.path.join(folder, "net.cnn"), os.path.join(folder, "net.safetensors")
    done = subprocess.run([cnnc, "import", path, "-o", text, "--name", "net", *extra], capture_output=True, text=True)
    if done.returncode:
        first = [line for line in done.stderr.splitlines() if "note" in line][:1] or done.stderr.splitlines()[:1]
        return {"verdict": "refused" if done.returncode == 1 else f"code {done.returncode}", "why": done.stderr.strip()}
    result = {"verdict": "text", "lines": sum(1 for _ in open(text)), "why": done.stderr.strip()}
    keys = path[:-5] + ".keys"
    if os.path.exists(keys):
        wanted = {line.strip() for line in open(keys) if line.strip()}
        found = keys_of(weights)
        result["missing"], result["unexpected"] = len(wanted - found), len(found - wanted)
    session = session_of(model or path)
    feeds, inputs, stated = {}, [], re.findall(r"input (\d+x\d+x\d+)", open(text).read())
    # Some exporters declare inputs that no node takes: the text has none for these.
    graph = onnx.load(path, load_external_data=False).graph
    taken = {name for node in graph.node for name in node.input} | {port.name for port in graph.output}
    several = sum(port.name in taken for port in session.get_inputs()) > 1
    generator = np.random.default_rng(0)
    for index, port in enumerate(session.get_inputs()):
        shape = [dim if isinstance(dim, int) else 1 for dim in port.shape]
        for option in extra:
            if option.startswith(port.name + "="):
                shape = [int(dim) for dim in option.split("=")[1].split("x")]
        feeds[port.name] = draw(shape) if draw else generator.standard_normal(shape).astype(np.float32)
        if port.name not in taken:
            continue
        file = os.path.join(folder, f"in{index}.npy")
        np.save(file, feeds[port.name])
        name = "".join(c if c.isalnum() or c == "_" else "_" for c in port.name)
        inputs += ["--input", f"{name}={file}" if several else file]
        if "x".join(map(str, shape[1:])) in stated and shape[1] != shape[3]:  # the model has its channels last
            inputs += ["--layout", "nhwc"]
    out = os.path.join(folder, "out.npz")
    done = subprocess.run([cnnc, "run", text, "--weights", weights, "--threads", "1", "--output", out, *inputs],
                          capture_output=True, text=True)
    if done.returncode:
        result.update(verdict="does not run", why=done.stderr.strip())
        return result
    ours = np.load(out)
    theirs = session.run(None, feeds)
    wanted = [option for before, option in zip(extra, extra[1:]) if before == "--output"]
    names = [port.name for port in session.get_outputs()]
    theirs = [value for name, value in zip(names, theirs) if not wanted or name in wanted]
    worst = 0.0
    for value in theirs:
        flat = value.reshape(-1)
        scale = max(1e-6, float(np.abs(flat).max()))
        same = [one.reshape(-1) for one in ours.values() if one.size == flat.size]
        if not same:
            result.update(verdict="other outputs", why=f"{[one.shape for one in ours.values()]} {value.shape}")
            return result
        best = min(float(np.abs(one - flat).max()) for one in same)
        if value.ndim == 4:  # channels last in the model, first in ours
            best = min([best] + [float(np.abs(one.reshape(value.shape[0], value.shape[3], *value.shape[1:3])
                                              .transpose(0, 2, 3, 1) - value).max()) for one in same])
        worst = max(worst, best / scale if best == best else float("inf"))
    result["difference"] = worst
    result["verdict"] = "equal" if worst < 1e-4 else "DIFFERS"
    if worst >= 1e-4:
        result["sensitivity"] = sensitivity(session, feeds)
    return result


def sensitivity(session, feeds):
    """By how much ONNX Runtime's own outputs change with the last bit of the input, as a share of the largest."""
    near = {name: np.nextafter(value, np.float32(10)) for name, value in feeds.items()}
    pairs = zip(session.run(None, feeds), session.run(None, near))
    return max(float(np.abs(one - other).max() / max(1e-6, np.abs(one).max())) for one, other in pairs)


def show(name, result):
    parts = [f"{name:40s} {result['verdict']:12s}"]
    if "lines" in result:
        parts.append(f"{result['lines']:4d} lines")
    if "difference" in result:
        parts.append(f"{result['difference']:.1e}")
    if "sensitivity" in result:
        parts.append(f"(the last bit of the input changes {result['sensitivity']:.1e})")
    if "missing" in result:
        parts.append(f"keys -{result['missing']} +{result['unexpected']}")
    if result.get("why"):
        parts.append(" | ".join(result["why"].splitlines())[:300])
    print("  ".join(parts), flush=True)


def main():
    cnnc, paths = sys.argv[1], sys.argv[2:]
    equal = 0
    with tempfile.TemporaryDirectory() as folder:
        for path in paths:
            try:
                result = compare(cnnc, path, folder)
            except Exception as error:
                result = {"verdict": "failed", "why": f"{type(error).__name__}: {str(error)[:200]}"}
            equal += result["verdict"] == "equal"
            show(os.path.basename(path)[:-5], result)
    print(f"{equal} of {len(paths)} equal")


if __name__ == "__main__":
    main()
