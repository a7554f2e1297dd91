"""Measures how far convolutions are from f64: the table of errors in docs/performance.md.

    python tests/bench/errors.py [--cnnc target/release/cnnc] [--unit amx-model]

Needs torch, numpy and safetensors. Each layer has seeded weights and inputs uniform in [-1, 1); the error is the
largest difference from PyTorch's convolution in f64, as a share of the largest output. Beside the algorithms of f32
stand six, three and one product of bf16 on a matrix unit; `amx-model` computes as the unit does on any machine, slowly.
"""

import argparse
import os
import pathlib
import re
import subprocess
import tempfile

import numpy as np
import torch
from safetensors.numpy import load_file

# Input, kernel, filters, groups.
LAYERS = [
    ("56x56x64", "1x1", 64, 1),
    ("56x56x64", "3x3", 64, 1),
    ("28x28x128", "3x3", 128, 1),
    ("14x14x256", "3x3", 256, 1),
    ("14x14x512", "3x3", 512, 1),
    ("7x7x512", "3x3", 512, 1),
    ("27x27x96", "5x5", 256, 2),
    ("35x35x48", "5x5", 64, 1),
    ("17x17x192", "1x7", 192, 1),
    ("17x17x192", "7x1", 192, 1),
    ("8x8x384", "1x3", 384, 1),
]
# Options with which a layer is computed, whether by the unit, and what the plan must say.
COLUMNS = [
    (["--exact"], False, " f32"),
    ([], False, " f32"),
    (["--exact"], True, " bf16x6"),
    (["--precision", "high"], True, " bf16x3"),
    (["--precision", "medium"], True, " bf16"),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cnnc", default="target/release/cnnc")
    parser.add_argument("--unit", default="amx-model", help="CNNC_ISA of a matrix unit: amx-model or amx")
    arguments = parser.parse_args()
    cnnc = str(pathlib.Path(arguments.cnnc).resolve())
    print("| input | kernel | direct | chosen | algorithm | six products | three | one |")
    print("| --- | --- | ---: | ---: | --- | ---: | ---: | ---: |")
    for layer in LAYERS:
        with tempfile.TemporaryDirectory() as folder:
            print(row(cnnc, arguments.unit, folder, layer), flush=True)


def row(cnnc, unit, folder, layer):
    shape, kernel, filters, groups = layer
    height, width, channels = map(int, shape.split("x"))
    down, across = map(int, kernel.split("x"))
    suffix = f" groups={groups}" if groups > 1 else ""
    source = f"input {shape}; conv {kernel}x{filters} same{suffix}"

    def run(*words, isa="avx512"):
        environment = os.environ | {"CNNC_ISA": isa}
        done = subprocess.run(
            [cnnc, *words], cwd=folder, check=True, capture_output=True, text=True, env=environment
        )
        return done.stdout

    run("weights", "-e", source, "--seed", "1", "--output", "w.safetensors")
    generator = np.random.default_rng(1)
    picture = generator.uniform(-1, 1, (1, channels, height, width)).astype(np.float32)
    np.save(f"{folder}/x.npy", picture)
    weights = {key: torch.tensor(value).double() for key, value in load_file(f"{folder}/w.safetensors").items()}
    expected = torch.nn.functional.conv2d(
        torch.tensor(picture).double(),
        weights["conv1.weight"],
        weights["conv1.bias"],
        padding=(down // 2, across // 2),
        groups=groups,
    ).numpy()
    errors = []
    for options, with_unit, factors in COLUMNS:
        isa = unit if with_unit else "avx512"
        files = ["--weights", "w.safetensors", "--input", "x.npy", "--output", "y.npy"]
        run("run", "-e", source, *files, *options, isa=isa)
        found = np.load(f"{folder}/y.npy")
        bench = ["--runs", "1", "--per-layer", "--threads", "1", *options]
        is_so = f"{factors} -> " in run("bench", "-e", source, *bench, isa=isa)
        errors.append(f"{np.abs(found - expected).max() / np.abs(expected).max():.1e}" if is_so else "-")
    plan = run("dump", "-e", source, "--after", "lower")
    algorithm = re.search(r"winograd (F\([^)]*\))|conv (direct)", plan)
    label = kernel + (f", {groups} groups" if groups > 1 else "")
    chosen = (algorithm[1] or algorithm[2]).replace("x", "×")
    start = f"| {shape} | {label} → {filters} | {errors[0]} | {errors[1]} | {chosen} |"
    return f"{start} {errors[2]} | {errors[3]} | {errors[4]} |"


if __name__ == "__main__":
    main()
