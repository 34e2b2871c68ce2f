"""Finds sums that do not stay in registers: python3 -B benches/spills.py target/release/elman

Prints the innermost loops of a program for x86-64 that store vectors on the stack beside at least four fused
multiply-adds, those with the most first: a sum there waits for memory at every turn. Loops that hold more numbers than
there are registers, such as those of exp, may load constants from the stack; they store nothing or little. Needs
objdump.
"""

import collections
import re
import subprocess
import sys

FMA = re.compile(r"vfn?m(add|sub)\d+pd")
STORE = re.compile(r"vmov[au]p[sd]\s+%([yz])mm\d+,(?:-?0x[0-9a-f]+)?\(%r[sb]p")
LOAD = re.compile(r"\(%r[sb]p[^)]*\).*%[yz]mm")
JUMP = re.compile(r"j\w+\s+([0-9a-f]+) ")
# Instructions. What jumps back further is no innermost loop.
LONGEST = 1500


def instructions(program):
    listing = subprocess.run(
        ["objdump", "-d", "--no-show-raw-insn", program], capture_output=True, text=True, check=True
    ).stdout
    found = re.findall(r"^\s*([0-9a-f]+):\s+(\S.*)$", listing, re.MULTILINE)
    return [(int(address, 16), text) for address, text in found]


def innermost_loops(code):
    """First and last instruction of every loop that no other loop is in."""
    places = {address: i for i, (address, _) in enumerate(code)}
    loops = []
    for last, (_, text) in enumerate(code):
        jump = JUMP.match(text)
        first = places.get(int(jump[1], 16)) if jump else None
        if first is not None and 0 <= last - first < LONGEST:
            loops.append((first, last))
    loops.sort(key=lambda loop: (loop[1], -loop[0]))
    innermost, end = [], -1
    for first, last in loops:
        if first > end:
            innermost.append((first, last))
            end = last
    return innermost


def main():
    code = instructions(sys.argv[1])
    counts = collections.Counter()
    for first, last in innermost_loops(code):
        body = [text for _, text in code[first : last + 1]]
        stores = [match[1] for match in map(STORE.match, body) if match]
        fma = sum(bool(FMA.match(text)) for text in body)
        if fma >= 4 and stores:
            loads = sum(bool(LOAD.search(text)) for text in body)
            bits = {"y": 256, "z": 512}[stores[0]]
            counts[len(stores), loads, fma, len(body), bits] += 1
    print("stores  loads    fma  instructions  bits  loops")
    for (stores, loads, fma, length, bits), loops in sorted(counts.items(), reverse=True):
        print(f"{stores:6} {loads:6} {fma:6} {length:13} {bits:5} {loops:6}")


if __name__ == "__main__":
    main()
