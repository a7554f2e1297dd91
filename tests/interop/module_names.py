"""Imports small PyTorch modules whose parts have names that mean something else elsewhere, and takes them out again.

    python module_names.py CNNC [NAME...]          one line for each name that fails, and the sums

Words of the language, figures of reports, names of outputs and inputs, names that begin with digits, keywords of Python:
each is given to a convolution in the middle, to the last convolution, and to a group of two, exported by TorchScript (with
its batch normalisation kept) and by dynamo. Each import must have the keys of the module and compute what ONNX Runtime
computes; exported to ONNX and imported again it must have the same keys and outputs, and its PyTorch module must load the
weights with `strict=True` and compute the same.
"""
import importlib.util
import os
import subprocess
import sys
import tempfile
import warnings

import numpy as np
import torch
from safetensors.torch import load_file
from torch import nn

import compare
import export_models

warnings.filterwarnings("ignore")

NAMES = """out input in output conv relu block add repeat mul concat residual aux split identity network table let use
expect labels as shared inline cnn train same bias nobias word bn dense flatten pool fc params macs frozen conv1 conv2 relu1
t1 project cin 0 1x1 3x3 2d_conv class lambda True None if else for global torch nn self weight running_mean net x y data
out1 input1 conv-1 two__lines _private é""".split()


class Tiny(nn.Module):
    """A network whose part with the name in question stands in the middle, at the end, or holds two others."""

    def __init__(self, name, place):
        super().__init__()
        self.place, self.name = place, name
        group = nn.Sequential(nn.Conv2d(4, 6, 3, padding=1, bias=False), nn.BatchNorm2d(6))
        part = {"middle": nn.Conv2d(4, 6, 3, padding=1), "end": nn.Conv2d(4, 6, 3), "group": group}[place]
        # `add_module` refuses names such as `train`, which `setattr` allows.
        self._modules["stem"] = nn.Conv2d(3, 4, 3, padding=1)
        self._modules[name] = part
        if place != "end":
            self._modules["head"] = nn.Conv2d(6, 5, 1)

    def forward(self, image):
        value = self._modules[self.name](torch.relu(self._modules["stem"](image)))
        return value if self.place == "end" else self._modules["head"](torch.relu(value))


def run(*words):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"cnnc {words[1]}: " + " | ".join(done.stderr.splitlines())[:400])


def output_of_module(path, weights, value):
    """The output of an exported PyTorch file, whose only class that is a network of its own is `Net`."""
    spec = importlib.util.spec_from_file_location("exported", path)
    exported = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(exported)
    module = exported.Net().eval()
    module.load_state_dict(load_file(weights), strict=True)
    with torch.no_grad():
        return module(torch.from_numpy(value)).numpy()


def is_exported(name, place, dynamo, path):
    """Whether torch exports the module: dynamo makes Python code of it, in which `class` is no name."""
    torch.manual_seed(0)
    try:
        export_models.export(Tiny(name, place), (3, 8, 8), path, dynamo)
    except torch.onnx.OnnxExporterError:
        return False
    return True


def check(cnnc, name, place, dynamo, path, folder):
    """Raises an error that says what is wrong."""
    result = compare.compare(cnnc, path, folder)
    if result["verdict"] != "equal":
        raise RuntimeError(f"{result['verdict']}: {' | '.join(result['why'].splitlines())[:300]}")
    kept = not (dynamo and place == "group")  # dynamo folds batch normalisation
    if kept and (result["missing"] or result["unexpected"]):
        raise RuntimeError(f"keys -{result['missing']} +{result['unexpected']}")
    text, weights = os.path.join(folder, "net.cnn"), os.path.join(folder, "net.safetensors")
    run(cnnc, "report", path)
    back, again = os.path.join(folder, "back.onnx"), os.path.join(folder, "again.cnn")
    run(cnnc, "export", text, "--to", "onnx", "--weights", weights, "-o", back)
    tensors = os.path.join(folder, "again.safetensors")
    run(cnnc, "import", back, "-o", again, "--weights", tensors, "--name", "net")
    if compare.keys_of(weights) != compare.keys_of(tensors):
        raise RuntimeError(f"ONNX and back: {compare.keys_of(weights) ^ compare.keys_of(tensors)}")
    value = np.random.default_rng(1).standard_normal((1, 3, 8, 8)).astype(np.float32)
    wanted = compare.session_of(path).run(None, {compare.session_of(path).get_inputs()[0].name: value})[0]
    session = compare.session_of(back)
    python = os.path.join(folder, "net.py")
    run(cnnc, "export", text, "--to", "pytorch", "--class", "Net", "-o", python)
    for kind, found in (("ONNX", session.run(None, {session.get_inputs()[0].name: value})[0]),
                        ("PyTorch", output_of_module(python, weights, value))):
        if np.abs(found - wanted).max() > 1e-5 * np.abs(wanted).max():
            raise RuntimeError(f"the outputs of the export to {kind} differ")


def main():
    cnnc, names = sys.argv[1], sys.argv[2:] or NAMES
    right = wrong = unexported = 0
    for name in names:
        for place in ("middle", "end", "group"):
            for dynamo in (False, True):
                with tempfile.TemporaryDirectory() as folder:
                    path = os.path.join(folder, "model.onnx")
                    if not is_exported(name, place, dynamo, path):
                        unexported += 1
                        continue
                    try:
                        check(cnnc, name, place, dynamo, path, folder)
                        right += 1
                    except Exception as error:
                        print(f"{name} {place} {'dynamo' if dynamo else 'TorchScript'}: "
                              f"{type(error).__name__}: {error}", flush=True)
                        wrong += 1
    print(f"{len(names)} names: {right} right, {wrong} wrong, {unexported} not exported by torch")


if __name__ == "__main__":
    main()
