"""Looks at the machine code of the AVX-512 tiles, of sixteen outputs and of eight: what stands in the inner loop of each.

    RUSTFLAGS="-C symbol-mangling-version=v0" cargo build --release
    python tests/bench/tile_code.py target/release/cnnc

The symbols then say which tile a function is: outputs, rows, columns, stride between pixels. A line has the instructions of the
loop, its multiply-accumulates, how many of these have an indexed memory operand (which Intel splits into two
micro-operations), accesses to the stack (spilled sums), and calls (checks that can panic end in one). Where the stride is
a constant the last three must be 0; else the exit code is 1. Needs `objdump` of binutils.
"""

import re
import subprocess
import sys

FUNCTION = re.compile(r"<.*kernels::tile::(avx512|half)::<(\d+), (\d+), (\d+)>>:")
INSTRUCTION = re.compile(r"\s*([0-9a-f]+):\s+(.*)")
JUMP = re.compile(r"j\w+\s+([0-9a-f]+)")


def inner_loop(lines):
    """The instructions of the shortest loop that multiplies and accumulates."""
    code = [(int(match[1], 16), match[2]) for match in map(INSTRUCTION.match, lines) if match]
    index = {address: number for number, (address, _) in enumerate(code)}
    loops = []
    for number, (_, text) in enumerate(code):
        jump = JUMP.match(text)
        start = index.get(int(jump[1], 16)) if jump else None
        if start is not None and start <= number:
            body = [text for _, text in code[start:number + 1]]
            if any("vfmadd" in text for text in body):
                loops.append(body)
    return min(loops, key=len, default=[])


def main():
    command = ["objdump", "-d", "-C", "--no-show-raw-insn", sys.argv[1]]
    listing = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    print("outputs rows columns stride | instructions multiply-accumulates indexed stack calls")
    wrong = tiles = 0
    for function in listing.split("\n\n"):
        head, *lines = function.strip().split("\n")
        match = FUNCTION.search(head)
        if not match:
            continue
        tiles += 1
        outputs = 16 if match[1] == "avx512" else 8
        rows, columns, stride = map(int, match.groups()[1:])
        body = inner_loop(lines)
        multiplications = [text for text in body if "vfmadd" in text]
        indexed = sum(bool(re.search(r"\(%\w+,%\w+", text)) for text in multiplications)
        stack = sum("(%rsp" in text for text in body)
        calls = sum(text.startswith("call") for text in body)
        print(f"{outputs:7} {rows:4} {columns:7} {stride:6} | {len(body):12} {len(multiplications):20} {indexed:7} {stack:5} {calls:5}")
        wrong += not body or (stride > 0 and indexed + stack + calls > 0)
    if tiles == 0:
        sys.exit("there are no tiles: build with RUSTFLAGS=\"-C symbol-mangling-version=v0\"")
    sys.exit(f"{wrong} tiles are not as they must be" if wrong else 0)


main()
