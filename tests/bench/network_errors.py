"""Measures how far whole networks are from f64 in each precision: the second table of errors in docs/performance.md.

    python tests/bench/network_errors.py [--cnnc target/release/cnnc] [--unit amx-model] [NETWORK ...]

Needs torch, numpy and safetensors. Networks have seeded weights and random statistics of batch normalisation, the input
is uniform in [-1, 1). The definition is the module that `cnnc export --to pytorch` writes, in f64. An error is the largest
difference of a logit, as a share of the root of the mean square of all logits. Beside the precisions of cnnc, with the
f32 kernels and with a matrix unit (`exact` is *highest* without Winograd's algorithm), stand PyTorch in f32, and with the factors of convolutions rounded to the 10 bits of TF32,
which its convolutions on GPUs have unless told otherwise. `amx-model` computes as the unit does on any machine, slowly.
"""

import argparse
import importlib.util
import os
import pathlib
import subprocess
import tempfile

import numpy as np
import torch
from safetensors.torch import load_file

ROOT = pathlib.Path(__file__).resolve().parents[2]

# name: file, network, side of the input
NETWORKS = {
    "AlexNet": ("alexnet_torchvision", None, 224),
    "GoogLeNet": ("googlenet_torchvision", None, 224),
    "ResNet-18": ("resnet", "resnet18", 224),
    "ResNet-50": ("resnet", "resnet50", 224),
    "Inception-v3": ("inception_v3", None, 299),
    "VGG-16": ("vgg", "vgg16", 224),
}
# The columns that cnnc computes: title, whether with the unit, options.
OURS = [
    ("exact", False, ["--exact"]),
    ("exact, unit", True, ["--exact"]),
    ("highest", False, []),
    ("highest, unit", True, []),
    ("high, unit", True, ["--precision", "high"]),
    ("medium", False, ["--precision", "medium"]),
    ("medium, unit", True, ["--precision", "medium"]),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("networks", nargs="*", default=list(NETWORKS))
    parser.add_argument("--cnnc", default="target/release/cnnc")
    parser.add_argument("--unit", default="amx-model", help="CNNC_ISA of a matrix unit: amx-model or amx")
    arguments = parser.parse_args()
    cnnc = str(pathlib.Path(arguments.cnnc).resolve())
    titles = ["PyTorch f32", *(title for title, _, _ in OURS), "PyTorch TF32"]
    print(f"| network | {' | '.join(titles)} |")
    print(f"| --- |{' ---: |' * len(titles)}")
    for name in arguments.networks:
        with tempfile.TemporaryDirectory() as folder:
            errors = " | ".join(f"{error:.1e}" for error in errors_of(name, cnnc, arguments.unit, folder))
            print(f"| {name} | {errors} |", flush=True)


def errors_of(name, cnnc, unit, folder):
    """The errors of a network in the order of the titles."""
    stem, network, side = NETWORKS[name]
    source = [str(ROOT / f"examples/zoo/{stem}.cnn")] + (["--network", network] if network else [])

    def run(*words, isa=None):
        environment = os.environ | ({"CNNC_ISA": isa} if isa else {})
        command = [cnnc, words[0], *source, *words[1:]]
        subprocess.run(command, cwd=folder, check=True, capture_output=True, env=environment)

    run("weights", "--seed", "1", "--random-bn", "--output", "w.safetensors")
    run("export", "--to", "pytorch", "--class", "Network", "-o", "network.py")
    picture = np.random.default_rng(1).uniform(-1, 1, (1, 3, side, side)).astype(np.float32)
    np.save(f"{folder}/x.npy", picture)
    module, picture = load(folder), torch.from_numpy(picture)

    def error(found):
        return ((found.double() - expected).abs().max() / expected.square().mean().sqrt()).item()

    with torch.no_grad():
        expected = module.double()(picture.double())
        single = module.float()
        errors = [error(single(picture))]
        for _, with_unit, options in OURS:
            words = ["--weights", "w.safetensors", "--input", "x.npy", "--output", "y.npy", *options]
            run("run", *words, isa=unit if with_unit else "avx512")
            errors.append(error(torch.from_numpy(np.load(f"{folder}/y.npy"))))
        return [*errors, error(as_tf32(single)(picture))]


def load(folder):
    """The network as a module with its weights."""
    spec = importlib.util.spec_from_file_location("network", f"{folder}/network.py")
    code = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(code)
    module = code.Network()
    module.load_state_dict(load_file(f"{folder}/w.safetensors"))
    return module.eval()


def as_tf32(module):
    """Rounds what the convolutions multiply to 10 bits of mantissa; they add in f32."""
    for layer in module.modules():
        if isinstance(layer, torch.nn.Conv2d):
            layer.weight.copy_(rounded(layer.weight))
            layer.register_forward_pre_hook(lambda _, inputs: (rounded(inputs[0]),))
    return module


def rounded(values):
    """The nearest values with 10 explicit bits of mantissa, of two as near the even one."""
    bits = values.contiguous().view(torch.int32)
    return ((bits + 0xFFF + ((bits >> 13) & 1)) & ~0x1FFF).view(torch.float32)


if __name__ == "__main__":
    main()
