"""Checks `cnnc export --to pytorch` against the compiler itself.

For the networks of the zoo and programs of its own: the file is formatted as black
formats it, keys and shapes of `state_dict()` are those of the weights that `cnnc weights --seed`
writes, these load with `strict=True`, the outputs in eval mode agree with `cnnc run` to 1e-5 of the
largest (or, in networks where torch's own sums of f32 lose more against f64, to five times that), and
gradients reach every trainable parameter in training mode.

    python tests/interop/export_pytorch.py [--cnnc target/fast/cnnc] [--only WORD] [FILE.cnn ...]
    python tests/interop/export_pytorch.py --random 500 [--seed 1]    the random programs of programs.py

Needs torch, numpy, safetensors and black. The last line counts what failed; the exit code is 1 then.
"""

import argparse
import copy
import importlib.util
import json
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file

import programs

TOLERANCE = 1e-5
# Deep networks with random statistics: torch's own f32 differs from its f64 by up to 4e-5.
TIMES_TORCHS_OWN = 5


def run(*words):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{words[1]}: {done.stderr.strip()[:500]}")
    return done.stdout


def zoo(cnnc):
    for network in json.loads(run(cnnc, "zoo", "--format", "json"))["networks"]:
        yield f"zoo:{network['name']}"


def cases(folder):
    """Programs that use every operator of the catalogue and every way in which scopes are opened."""
    for number, text in enumerate(CASES):
        path = folder / f"case_{number}.cnn"
        path.write_text(text)
        yield path


CASES = [
    "input 9x8x4; conv 3x3x6/2 same relu; conv 2x2x4 same nobias; conv 3x3x4 pad=(1,0,2,1) reflect;",
    "input 9x8x4; conv 3x3x6 pad=1 circular; dwconv 3x3 pad=1 replicate; dwconv 4x4/2 same mult=2;",
    "input 9x8x4; deconv 3x3x6/2 same; deconv 4x4x4/2 pad=(1,0,2,1); deconv 3x3x2/2 pad=1 outpad=1;",
    "input 9x8x4; maxpool 3/2 same; maxpool 2/2 ceil;",
    "input 9x8x4; maxpool 3/2 pad=(1,0,0,1); avgpool 2/1 same;",
    "input 9x8x4; avgpool 3/2 pad=1 ceil; avgpool 3/2 pad=1 countpad ceil;",
    "input 9x8x4; avgpool 3/2 pad=(1,0,1,0) countpad; maxpool to 3x2;",
    "input 11x12x4; avgpool 2/1 dilate=2; maxpool 3/2 dilate=2 ceil; avgpool global;",
    "input 8x8x4; bn noscale; bn nobias; bn noscale nobias; layernorm; rmsnorm; groupnorm 2; instancenorm affine;",
    "input 8; bn noscale; bn nobias; bn; layernorm; rmsnorm; scale bias; l2norm;",
    "input 8x8x4; scale bias; scale; prelu; prelu shared; lrn 3 k=1 alpha=0.1 beta=0.75; lrn 3 k=1 alpha=0.1 beta=0.75 mean;",
    "input 8x8x4; pixelshuffle 2 dcr; pixelunshuffle 2 dcr; pixelshuffle 2; pixelunshuffle 2; shuffle 2;",
    "input 8x8x4; pad (1,2,0,1); pad 1 value=2; pad 1 reflect; crop (1,0,2,1); crop to 5x4; slice 2 at=1;",
    "input 8x8x4; upsample 2 bilinear; upsample to 5x7 bicubic; upsample 2x3; upsample to 9x9 bilinear corners;",
    "input 8x8x4; stanh; quickgelu; gelu approx; hsigmoid 0.2; clip min=0.1; clip max=0.5; times (-0.5); plus 1; celu 0.5; neg; abs; sqrt; square; exp; log;",
    "input 8x8x4; flatten hwc; unflatten 8x8x4; flatten; dense 10; rbf 3; logsoftmax;",
    "input 8x8x4; residual zeropad < conv 3x3x6/2 pad=1 bn > relu; residual scale=0.2 < conv 3x3x6 pad=1 >;",
    "input 8x8x4; mul < identity | mean channels sigmoid >; mul < identity | avgpool global; conv 1x1x4 sigmoid >;",
    "input 8x8x4; sub < conv 1x1x4 | conv 1x1x4 >; max < identity | conv 1x1x4 >; min < identity | conv 1x1x4 >; split 2 < identity | conv 1x1x2 >; max channels;",
    "table t 4 -> 3 { 0 1; 1 2 3; 0 3; } input 8x8x4; conv 3x3x3 table=t pad=1; subsample 2/2; tanh;",
    'input 8x8x4 as a; input 8x8x4 as b; @a; conv 3x3x4 as tower; @b; shared tower as other; add < @tower | @other >;',
    "block head(c) { conv 3x3x(c) pad=1 relu; conv 1x1x2; } input 8x8x4; head(6) as p; aux < identity > as first; @p; maxpool 2/2; conv 1x1x4 relu; conv 1x1x4 as q; head(6) as second;",
    "block tower() { conv 3x3x4 pad=1 bn relu; conv 3x3x4 pad=1; } input 8x8x4 as l; input 8x8x4 as r; @l; tower() as tower; @r; shared tower as right; concat < @tower | @right >;",
    'input 8x8x4; [conv 1x1x4 relu] as type; conv 1x1x4 as class; conv 1x1x4 as forward; conv 1x1x4 as "a b-c"; [conv 1x1x4 relu * 2; identity; conv 1x1x3] as features[];',
    "input 8x8x4; conv 1x1x4 as f.0; relu; conv 1x1x4 as g.1; conv 1x1x4 as f.1; maxpool 2/2; conv 1x1x4 as g.0;",
    "input 8x8x4; conv 3x3x4 pad=1 relu; aux train < conv 1x1x2; flatten; dense 3 > as helper; conv 1x1x4; aux < avgpool global > as side; [conv 1x1x4 relu; identity] * 3 as body;",
    "input 8x8x4; [conv 3x3x4 pad=1 bn relu as low; maxpool 2/2 as down; conv 3x3x4 pad=1 relu] as enc; upsample 2; concat < identity | @enc.low >; conv 3x3x3 pad=1;",
]


def load(path):
    spec = importlib.util.spec_from_file_location(f"exported_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def check(cnnc, source, folder):
    path = folder / "net.py"
    run(cnnc, "export", source, "--to", "pytorch", "--class", "Net", "-o", path)
    black = subprocess.run([sys.executable, "-m", "black", "-q", "--check", path])
    if black.returncode != 0:
        yield "not as black formats it"
    weights = folder / "weights.safetensors"
    run(cnnc, "weights", source, "--seed", 1, "--random-bn", "--output", weights)
    report = json.loads(run(cnnc, "report", source, "--format", "json"))
    tensors = load_file(weights)
    net = load(path).Net()
    state = {
        key: tuple(value.shape)
        for key, value in net.state_dict().items()
        if not key.endswith("num_batches_tracked")
    }
    wanted = {key: tuple(value.shape) for key, value in tensors.items()}
    ours = {k: v for k, v in state.items() if k in wanted}
    if ours != wanted:
        wrong = [k for k in wanted if state.get(k) != wanted[k]]
        yield f"keys or shapes differ: {wrong[:3]}"
        return
    missing, unexpected = net.load_state_dict(tensors, strict=False)
    training_only = set(state) - set(wanted)
    if set(missing) - training_only or unexpected:
        yield f"not loaded: {missing[:3]} {unexpected[:3]}"
    if not training_only:
        net.load_state_dict(tensors, strict=True)
    generator = np.random.default_rng(0)
    inputs, words = [], []
    for entry in inputs_of(report):
        name, shape = entry
        shape = [shape[2], shape[0], shape[1]] if len(shape) == 3 else shape
        values = generator.standard_normal([1, *shape]).astype(np.float32)
        file = folder / f"input_{len(inputs)}.npy"
        np.save(file, values)
        inputs.append(torch.from_numpy(values))
        words.append(name)
    given = [folder / f"input_{index}.npy" for index in range(len(inputs))]
    if len(inputs) > 1:
        given = [f"{name}={file}" for name, file in zip(words, given)]
        given = [word for one in given for word in ("--input", one)]
    else:
        given = ["--input", *given]
    result = folder / "out.npz"
    run(cnnc, "run", source, "--weights", weights, *given, "--output", result)
    outputs = dict(np.load(result))
    net.eval()
    with torch.no_grad():
        values = net(*inputs)
        exact = copy.deepcopy(net).double()(*[value.double() for value in inputs])
    values, exact = (one if isinstance(one, tuple) else (one,) for one in (values, exact))
    if len(values) != len(outputs):
        yield f"{len(values)} outputs, not {len(outputs)}: {list(outputs)}"
        return
    for value, precise, (name, reference) in zip(values, exact, outputs.items()):
        reference = reference.reshape(value.shape)
        finite = np.isfinite(reference)
        scale = np.abs(reference[finite]).max(initial=1e-30)
        difference = np.abs(value.numpy() - reference)[finite].max(initial=0) / scale
        own = np.abs(value.double().numpy() - precise.numpy())[finite].max(initial=0) / scale
        if not difference <= max(TOLERANCE, TIMES_TORCHS_OWN * own) or not (np.isfinite(value.numpy()) == finite).all():
            yield f"`{name}` differs by {difference:.1e}"
    net.train()
    values = net(*[torch.cat([one, one + 0.1]) for one in inputs])
    values = values if isinstance(values, tuple) else (values,)
    trainable = [(name, one) for name, one in net.named_parameters() if one.requires_grad]
    if trainable:
        sum(value.square().sum() for value in values).backward()
        dead = [name for name, one in trainable if one.grad is None]
        if dead:
            yield f"no gradient: {dead[:3]}"


def inputs_of(report):
    return [(one["name"], one["shape"]) for one in report["inputs"]]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cnnc", default="target/fast/cnnc")
    parser.add_argument("--only", default="")
    parser.add_argument("--random", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("files", nargs="*")
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    failed = checked = 0
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        if arguments.random:
            for name, text in programs.programs(arguments.random, arguments.seed):
                (folder / f"case_{name}.cnn").write_text(text)
            arguments.files = sorted(folder.glob("case_*.cnn"))
        sources = arguments.files or [*cases(folder), *zoo(arguments.cnnc)]
        for source in sources:
            if arguments.only not in str(source):
                continue
            checked += 1
            try:
                found = list(check(arguments.cnnc, source, folder))
            except Exception as error:
                found = [f"{type(error).__name__}: {str(error)[:300]}"]
            if found:
                failed += 1
                name = Path(source).name if "case" not in str(source) else f"{Path(source).stem}: {Path(source).read_text()}"
                print(f"{name}: {'; '.join(found)}", flush=True)
    print(f"{checked} checked, {failed} failed; torch {torch.__version__}")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
