"""Exports networks with `cnnc export --to onnx`, imports the files again and compares what comes back.

    python identity.py CNNC zoo [NAME...]          shipped networks
    python identity.py CNNC operators [NAME...]    the operator cases of tests/fixtures/ops
    python identity.py CNNC programs [NAME...]     the generated programs of tests/corpus
    python identity.py CNNC random [NAME...]       the random programs of programs.py; --count 2000 and --seed 1 choose others
    python identity.py CNNC all                    all but the random programs
    python identity.py CNNC zoo --opset 13         in another operator set than the exporter's own

Compared are the shapes and names of inputs and outputs, parameters, frozen elements, state, MACs and other operations, the keys and
shapes of the weights, notes of the import, and the outputs for seeded inputs with the weights of the ONNX file: to 1e-5 of the
largest, those of tests/corpus to 1e-4. What serves training only is not exported, and not compared. Each network that is not equal is printed with its reason, and a
table of the kinds at the end. The exit code says whether an output differs or a step fails that must not.
"""
import collections
import json
import os
import re
import subprocess
import sys
import tempfile

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.join(HERE, "..")
sys.path.insert(0, os.path.join(TESTS, "fixtures"))
import programs  # noqa: E402
import seeded  # noqa: E402

# Some programs of tests/corpus normalise maps that are constant but for rounding.
TOLERANCE = {"programs": 1e-4}
USUAL_TOLERANCE = 1e-5
FIGURES = ("params", "frozen", "state", "macs", "flops")
KINDS = ("equal", "note", "names", "keys", "flops", "figures", "refused", "not exported", "not run", "outputs", "failed")


def run(cnnc, *arguments):
    return subprocess.run([cnnc, *arguments], capture_output=True, text=True)


def sources(cnnc, what, names, options):
    """Pairs of a name and the arguments that name the network: a text or a shipped network."""
    if what == "zoo":
        listed = run(cnnc, "zoo").stdout.splitlines()[1:]
        found = [(line.split()[0], [f"zoo:{line.split()[0]}"]) for line in listed if line.strip()]
    elif what == "operators":
        cases = json.load(open(os.path.join(TESTS, "fixtures", "ops", "cases.json")))
        found = [(case["name"], ["-e", case["source"]]) for case in cases]
    elif what == "random":
        made = programs.programs(int(options.get("--count", 200)), int(options.get("--seed", 1)))
        found = [(name, ["-e", text]) for name, text in made]
    else:
        found = []
        for file in ("generated.txt", "later_words.txt"):
            text = open(os.path.join(TESTS, "corpus", file)).read()
            for number, part in enumerate(("\n" + text).split("\n-- ")[1:]):
                if part.startswith("ok\n"):
                    found.append((f"{file.split('.')[0]}-{number}", ["-e", part[3:]]))
    return [(name, source) for name, source in found if not names or name in names]


def report(cnnc, *source):
    done = run(cnnc, "report", *source, "--format", "json")
    return json.loads(done.stdout) if done.returncode == 0 else done.stderr


def weights(cnnc, *source):
    """Keys, shapes and kinds, without those of `aux train`."""
    lines = run(cnnc, "weights", *source).stdout.splitlines()[:-1]
    return {tuple(line.split()[:3]) for line in lines if not line.endswith("train only")}


def outputs(cnnc, folder, inputs, *arguments):
    """The outputs for seeded inputs, by name, or what went wrong."""
    given = []
    for number, one in enumerate(inputs):
        shape, file = one["shape"], os.path.join(folder, f"{number}.npy")
        shape = [1, shape[2], shape[0], shape[1]] if len(shape) == 3 else [1, *shape]
        np.save(file, seeded.sym(3, f"input {number}", shape).astype(np.float32))
        given += ["--input", f"{one['name']}={file}"]
    results = os.path.join(folder, "out.npz")
    done = run(cnnc, "run", *arguments, *given, "--output", results)
    if done.returncode:
        return done.stderr
    with np.load(results) as arrays:
        return dict(arrays)


def reason(text):
    """The first line of what a refusal says about a node, without names and numbers."""
    notes = [line.split("note: ", 1)[1] for line in text.splitlines() if "note: " in line]
    first = notes[0] if notes else text.strip().splitlines()[0]
    return re.sub(r"\d+(\.\d+)?(e-?\d+)?", "n", re.sub(r"`/[^`]*`", "…", first))


def compare(cnnc, source, folder, opset, tolerance):
    """A kind of KINDS and what is to be said about it."""
    model, text, stored = (os.path.join(folder, name) for name in ("net.onnx", "net.cnn", "net.safetensors"))
    for file in (model, text, stored):
        if os.path.exists(file):
            os.remove(file)
    done = run(cnnc, "export", *source, "--to", "onnx", "--seed", "3", "--random-bn", *opset, "-o", model)
    if done.returncode:
        return "not exported", done.stderr.splitlines()[0]
    done = run(cnnc, "import", model, "-o", text)
    if done.returncode:
        return ("refused" if "E0801" in done.stderr else "failed"), reason(done.stderr)
    note = done.stderr.strip()
    before, after = report(cnnc, *source), report(cnnc, text)
    if isinstance(before, str) or isinstance(after, str):
        return "failed", str(before if isinstance(before, str) else after)[:200]
    before["outputs"] = [output for output in before["outputs"] if not output["train_only"]]
    held = ["--weights", stored] if os.path.exists(stored) else []
    ours = outputs(cnnc, folder, before["inputs"], *source, "--seed", "3", "--random-bn")
    theirs = outputs(cnnc, folder, after["inputs"], text, *held)
    if isinstance(ours, str) or isinstance(theirs, str):
        return "not run", str(ours if isinstance(ours, str) else theirs).strip().splitlines()[0]
    for name in ours.keys() & theirs.keys():
        if ours[name].shape != theirs[name].shape:
            return "outputs", f"{name}: {ours[name].shape} -> {theirs[name].shape}"
        scale = max(np.nanmax(np.abs(ours[name]), initial=0.0), 1.0)
        same = np.isclose(ours[name], theirs[name], rtol=tolerance, atol=tolerance * scale, equal_nan=True)
        if not same.all():
            return "outputs", f"{name}: {np.nanmax(np.abs(ours[name] - theirs[name])) / scale:.1e}"
    totals = [{figure: one["totals"][figure] for figure in FIGURES if figure in one["totals"]} for one in (before, after)]
    differing = [figure for figure in totals[0] if totals[0][figure] != totals[1][figure]]
    if differing and differing != ["flops"]:
        return "figures", ", ".join(f"{figure} {totals[0][figure]} -> {totals[1][figure]}" for figure in differing if figure != "flops")
    ports = [({end: sorted((port["name"], port["shape"]) for port in one[end]) for end in ("inputs", "outputs")}) for one in (before, after)]
    if ports[0] != ports[1]:
        return "names", f"{ports[0]} -> {ports[1]}"
    keys = [weights(cnnc, *source), weights(cnnc, text)]
    if keys[0] != keys[1]:
        return "keys", f"without {sorted(keys[0] - keys[1])[:2]}, with {sorted(keys[1] - keys[0])[:2]}"
    if differing:
        flops = [one["flops"] for one in totals]
        return "flops", ", ".join(f"{kind} {flops[0][kind]} -> {flops[1][kind]}" for kind in flops[0] if flops[0][kind] != flops[1][kind])
    if note:
        return "note", note.splitlines()[0]
    return "equal", ""


def main(cnnc, what, names):
    given = [at for at, name in enumerate(names) if name.startswith("--")]
    options = {names[at]: names[at + 1] for at in given}
    opset = ["--opset", options["--opset"]] if "--opset" in options else []
    names = [name for at, name in enumerate(names) if at not in given and at - 1 not in given]
    table, reasons = {}, collections.Counter()
    for part in ("zoo", "operators", "programs") if what == "all" else (what,):
        counts = table[part] = collections.Counter()
        with tempfile.TemporaryDirectory() as folder:
            for name, source in sources(cnnc, part, names, options):
                kind, said = compare(cnnc, source, folder, opset, TOLERANCE.get(part, USUAL_TOLERANCE))
                counts[kind] += 1
                if kind != "equal":
                    reasons[kind, said if kind == "refused" else ""] += 1
                    text = " ".join(source[-1].split())
                    print(f"{kind}: {name}: {said}" + (f"\n    {text}" if source[0] == "-e" else ""), flush=True)
    for (kind, said), count in reasons.most_common():
        if said:
            print(f"{count} {kind}: {said}")
    kinds = [kind for kind in KINDS if any(counts[kind] for counts in table.values())]
    print("| | " + " | ".join(["all", *kinds]) + " |\n|" + "---|" * (len(kinds) + 2))
    for part, counts in table.items():
        print(f"| {part} | " + " | ".join(str(n) for n in [counts.total(), *(counts[kind] for kind in kinds)]) + " |")
    return any(counts[kind] for counts in table.values() for kind in ("outputs", "failed"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
