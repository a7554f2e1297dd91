"""Exports, imports and compares whole families of networks, one at a time; a run that was stopped goes on.

    python survey.py CNNC RESULTS torchvision|folded|dynamo|timm [NAME...]      appends a line of JSON per network
    python survey.py --table RESULTS                                            prints them, and the sums

Each network is exported into a temporary folder, imported with `cnnc`, compared with ONNX Runtime as `compare.py`
does, and deleted. Networks of timm are taken family by family: the first of each, then the second, and so on. A network
in whose file two computed values are multiplied as matrices has attention, and is counted by itself: the language says
convolutional networks.
"""
import json
import os
import re
import signal
import statistics
import sys
import tempfile
import time
import traceback

import onnx
import torch

import compare
import export_models

SECONDS = 240
LARGEST = 70_000_000
SIZES = "zepto atto xs es femto pico nano n xx x tiny t mini s small m em medium base b l el large xlarge huge xxlarge xxl xl".split()
TRANSFORMERS = """beit cait coat convit crossvit davit deepseek_vit deit efficientformer efficientformer_v2 eva gcvit
gemma4_vit hiera hieradet_sam2 levit maxxvit mlp_mixer mobilevit mvitv2 naflexvit nest nextvit pit pvt_v2 qwen3_vit
sequencer swiftformer swin_transformer swin_transformer_v2 swin_transformer_v2_cr tiny_vit tnt twins visformer
vision_transformer vision_transformer_hybrid vision_transformer_relpos vision_transformer_sam vitamin volo xcit
efficientvim iformer shvit efficientvit_msra cpubone lowformer csatv2""".split()


def family_of(name):
    """The parts of a name that say neither a size nor a number."""
    parts = [re.match(r"[a-z]*", part).group() if index == 0 else part for index, part in enumerate(name.split("_"))]
    return "_".join(part for part in parts if part not in SIZES and not any(c.isdigit() for c in part))


def timm_names():
    """Architectures of timm by rounds: in each, the next network of every family, small ones first."""
    import timm
    families = {}
    for module in timm.list_modules():
        if module not in TRANSFORMERS:
            for name in timm.list_models(module=module):
                families.setdefault((module, family_of(name)), []).append(name)
    rank = lambda name: (max([SIZES.index(part) for part in name.split("_") if part in SIZES] + [0]), len(name), name)
    rounds = []
    for turn in range(3):
        rounds += [sorted(names, key=rank)[turn] for names in families.values() if len(names) > turn]
    return rounds


def has_attention(path):
    """Whether two values that depend on the input are multiplied as matrices."""
    graph = onnx.load(path, load_external_data=False).graph
    known = {tensor.name for tensor in graph.initializer}
    computed = {port.name for port in graph.input} - known
    for node in graph.node:
        if node.op_type != "Shape" and any(name in computed for name in node.input):
            computed.update(node.output)
    return any(node.op_type in ("MatMul", "Einsum") and sum(name in computed for name in node.input) > 1
               for node in graph.node)


def one(cnnc, kind, name, folder):
    path = os.path.join(folder, name + ".onnx")
    start = time.time()
    try:
        if kind == "timm":
            with torch.device("meta"):
                size = sum(value.numel() for value in export_models.timm_model(name).parameters())
            if size > LARGEST:
                return {"verdict": "not taken", "why": f"{size:,} parameters"}
            model = export_models.timm_model(name)
        else:
            model = export_models.torchvision_model(name)
        size = export_models.size_of(name, model)
        export_models.export(model, size, path, kind == "dynamo", kind == "folded")
    except Exception as error:
        return {"verdict": "not exported", "why": f"{type(error).__name__}: {str(error).splitlines()[0][:150]}"}
    middle = time.time()
    result = compare.compare(cnnc, path, folder)
    if result["verdict"] == "DIFFERS":
        result["first"] = [result["difference"], result.pop("sensitivity")]
        if result["first"][1] > 1e-5:
            # Rounding grows through the layers of this network with these statistics: others tell more.
            export_models.export(model, size, path, kind == "dynamo", kind == "folded", scale=0.5)
            result.update(compare.compare(cnnc, path, folder))
    result["seconds"] = [round(middle - start, 1), round(time.time() - middle, 1)]
    if result["verdict"] == "refused":
        result["attention"] = has_attention(path)
    return result


def in_a_child(cnnc, kind, name):
    """The result of one network; what takes too long or dies is a result as well."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("SURVEY_FOLDER")) as folder:
        report = os.path.join(folder, "result.json")
        child = os.fork()
        if child == 0:
            os.setpgrp()
            signal.alarm(SECONDS)
            try:
                silent = os.open(os.devnull, os.O_WRONLY)
                os.dup2(silent, 1)
                result = one(cnnc, kind, name, folder)
            except Exception as error:
                result = {"verdict": "failed", "why": f"{type(error).__name__}: {error} {traceback.format_exc()[-400:]}"}
            with open(report, "w") as file:
                json.dump(result, file)
            os._exit(0)
        os.waitpid(child, 0)
        if not os.path.exists(report):
            return {"verdict": "not exported", "why": f"not within {SECONDS} s, or not in memory"}
        with open(report) as file:
            return json.load(file)


def reasons(why):
    """The kinds of nodes of a refusal with their reasons, without names."""
    found = []
    for line in why.splitlines():
        match = re.search(r"note: (\w+) .*?: (.*)", line)
        if match and not re.search(r"nodes of \d+ kind", line):
            found.append(f"{match[1]}: {match[2]}")
    return found or why.splitlines()[:1]


def table(path):
    results = [json.loads(line) for line in open(path)]
    for result in results:
        compare.show(result["name"], {**result, "why": "" if result["verdict"] == "equal" else result.get("why", "")})
    verdicts = {}
    for result in results:
        verdict = "attention" if result.get("attention") else result["verdict"]
        verdicts[verdict] = verdicts.get(verdict, 0) + 1
    print(verdicts)
    taken = [result for result in results if not result.get("attention")
             and result["verdict"] not in ("not exported", "not taken")]
    accepted = [result for result in taken if result["verdict"] == "equal"]
    if accepted:
        lines = [result["lines"] for result in accepted]
        print(f"{len(accepted)} of {len(taken)} without attention: {len(accepted) / len(taken):.0%}; "
              f"lines: median {statistics.median(lines)}, longest {max(lines)}; "
              f"largest difference {max(result['difference'] for result in accepted):.1e}; "
              f"with other keys or sizes: {[r['name'] for r in accepted if r.get('missing') or r.get('unexpected')]}")
    by_reason = {}
    for result in taken:
        if result["verdict"] != "equal":
            for reason in reasons(result.get("why", "")):
                by_reason.setdefault(reason, []).append(result["name"])
    for reason, names in sorted(by_reason.items(), key=lambda item: -len(item[1])):
        print(f"{len(names):3d}  {reason}: {', '.join(names)}")


def main():
    if sys.argv[1] == "--table":
        return table(sys.argv[2])
    cnnc, path, kind, names = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]
    names = names or (timm_names() if kind == "timm" else export_models.convolutional_torchvision())
    done = {json.loads(line)["name"] for line in open(path)} if os.path.exists(path) else set()
    for name in names:
        if name in done:
            continue
        result = {"name": name, **in_a_child(cnnc, kind, name)}
        with open(path, "a") as file:
            file.write(json.dumps(result) + "\n")
        compare.show(name, result)


if __name__ == "__main__":
    main()
