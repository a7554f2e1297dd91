"""Looks at the machine code of the AVX-512 tiles, of sixteen outputs and of eight: what stands in the inner loop of each;
then at the inner loops of the other kernels.

    RUSTFLAGS="-C symbol-mangling-version=v0" cargo build --release
    python tests/bench/tile_code.py target/release/cnnc

The symbols then say which tile a function is: outputs, rows, columns, stride between pixels. A line has the instructions of the
loop, its multiply-accumulates, how many of these have an indexed memory operand (which Intel splits into two
micro-operations), accesses to the stack (spilled sums), and calls (checks that can panic end in one). Where the stride is
a constant the last three must be 0; else the exit code is 1. Of the other kernels, each with all its loops that have
sixteen lanes and no loop within them: the number of loops, the longest, and how many have each of the three. They have code
for rare cases (values that are not finite, any stride), so these are only shown. Needs `objdump` of binutils.
"""

import re
import subprocess
import sys

KERNEL = re.compile(r"lanes::with_avx512::<(?:\w+::)*kernels::(.*)>>:")
FUNCTION = re.compile(r"<.*kernels::tile::(avx512|half)::<(\d+), (\d+), (\d+)>>:")
INSTRUCTION = re.compile(r"\s*([0-9a-f]+):\s+(.*)")
JUMP = re.compile(r"j\w+\s+([0-9a-f]+)")


def loops_of(lines):
    """The loops of a function as first and last instruction and its instructions."""
    code = [(int(match[1], 16), match[2]) for match in map(INSTRUCTION.match, lines) if match]
    index = {address: number for number, (address, _) in enumerate(code)}
    for number, (_, text) in enumerate(code):
        jump = JUMP.match(text)
        start = index.get(int(jump[1], 16)) if jump else None
        if start is not None and start <= number:
            yield start, number, [text for _, text in code[start:number + 1]]


def inner_loop(lines):
    """The instructions of the shortest loop that multiplies and accumulates."""
    loops = [body for _, _, body in loops_of(lines) if any("vfmadd" in text for text in body)]
    return min(loops, key=len, default=[])


def innermost(lines):
    """The loops with sixteen lanes that have no such loop within them."""
    loops = [loop for loop in loops_of(lines) if any("zmm" in text for text in loop[2])]
    holds = lambda outer, inner: outer[0] <= inner[0] and inner[1] <= outer[1] and outer[:2] != inner[:2]
    return [loop[2] for loop in loops if not any(holds(loop, other) for other in loops)]


def flaws(body):
    """Multiply-accumulates with an indexed operand, accesses to the stack, calls."""
    multiplications = [text for text in body if "vfmadd" in text or "vfnmadd" in text]
    indexed = sum(bool(re.search(r"\(%\w+,%\w+", text)) for text in multiplications)
    stack = sum("(%rsp" in text for text in body)
    calls = sum(text.startswith("call") for text in body)
    return len(multiplications), indexed, stack, calls


def main():
    command = ["objdump", "-d", "-C", "--no-show-raw-insn", sys.argv[1]]
    listing = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    print("outputs rows columns stride | instructions multiply-accumulates indexed stack calls")
    wrong = tiles = 0
    others = []
    for function in listing.split("\n\n"):
        head, *lines = function.strip().split("\n")
        kernel, match = KERNEL.search(head), FUNCTION.search(head)
        if kernel:
            others.append((kernel[1].replace("cnnc::exec::kernels::", ""), innermost(lines)))
        if not match:
            continue
        tiles += 1
        outputs = 16 if match[1] == "avx512" else 8
        rows, columns, stride = map(int, match.groups()[1:])
        body = inner_loop(lines)
        multiplications, indexed, stack, calls = flaws(body)
        print(f"{outputs:7} {rows:4} {columns:7} {stride:6} | {len(body):12} {multiplications:20} {indexed:7} {stack:5} {calls:5}")
        wrong += not body or (stride > 0 and indexed + stack + calls > 0)
    if tiles == 0:
        sys.exit("there are no tiles: build with RUSTFLAGS=\"-C symbol-mangling-version=v0\"")
    print("\nloops longest indexed stack calls | kernel")
    for name, loops in sorted(others):
        found = [flaws(body)[1:] for body in loops]
        counts = [sum(flaw[kind] > 0 for flaw in found) for kind in range(3)]
        print(f"{len(loops):5} {max(map(len, loops), default=0):7} {counts[0]:7} {counts[1]:5} {counts[2]:5} | {name}")
    sys.exit(f"{wrong} tiles are not as they must be" if wrong else 0)


main()
