"""Measures how much faster each step of a network gets with a second thread.

    python tests/bench/threads.py [--rounds 5] [--runs 20] [--least 0.0] [--all] zoo:resnet50 ...

Runs `cnnc bench --format json` by turns with one thread and with two, and takes the least time of each step. Prints the
steps that gain less than 1.8 times (`--all`: every step), and for each kernel the sums over its steps. Steps shorter
than `--least` milliseconds are only summed.
"""

import argparse
import json
import subprocess
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ENOUGH = 1.8


def steps(cnnc, network, threads, runs):
    command = [cnnc, "bench", network, "--threads", str(threads), "--runs", str(runs), "--format", "json"]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def measure(arguments, network):
    """The steps, with the least milliseconds of each with one thread and with two."""
    found, least, whole = None, {}, {1: float("inf"), 2: float("inf")}
    for _ in range(arguments.rounds):
        for threads in (1, 2):
            report = steps(arguments.cnnc, network, threads, arguments.runs)
            found = report["steps"]
            whole[threads] = min(whole[threads], report["time"]["least"])
            for index, step in enumerate(found):
                key = (index, threads)
                least[key] = min(least.get(key, float("inf")), step["time"]["least"])
    return [(step, least[index, 1], least[index, 2]) for index, step in enumerate(found)], whole


def row(name, one, two, note=""):
    gain = one / two if two else float("inf")
    print(f"{one:10.3f}{two:10.3f}{gain:7.2f}  {name}  {note}".rstrip())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="+")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--least", type=float, default=0.0)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--cnnc", default=str(ROOT / "target/release/cnnc"))
    arguments = parser.parse_args()
    for network in arguments.networks:
        measured, whole = measure(arguments, network)
        print(f"{network}\n{'1 thread':>10}{'2':>10}{'gain':>7}  step")
        sums = defaultdict(lambda: [0.0, 0.0])
        for step, one, two in measured:
            sums[step["kernel"]][0] += one
            sums[step["kernel"]][1] += two
            if one >= arguments.least and (arguments.all or one < ENOUGH * two):
                shape = "x".join(map(str, step["output"]))
                row(f"{step['kernel']} -> {shape}", one, two, " ".join(step["covers"][:1]))
        print("sums over the steps of a kernel")
        for kernel, (one, two) in sorted(sums.items(), key=lambda item: -item[1][0]):
            row(kernel, one, two)
        row("the whole network", whole[1], whole[2])
        print()


if __name__ == "__main__":
    main()
