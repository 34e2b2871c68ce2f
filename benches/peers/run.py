"""Times an update of elman and of programs of the same update, on one core, and prints a Markdown table.

    pip install -r benches/requirements.txt
    python benches/peers/run.py ELMAN [TEXT]

ELMAN is the built program, TEXT a UTF-8 file; without it the text is the built-in story in its 65 most frequent
characters. An update is the forward pass, the loss, backpropagation through T = 25 characters, clipping and AdaGrad.
The peers are NumPy, JAX, PyTorch, and C with plain loops, with OpenBLAS and with MKL. What is not installed is skipped.

elman is timed as whole runs: (long run - short run) / updates between them. A peer is a process of its own, which reads
the text and the initial weights of `elman train`, prints the losses of its first three updates, and then makes as many
updates as a line of its standard input says and prints their seconds. Before anything is timed, its losses are
compared with elman's. All take turns on one core, one thread each. Seconds are CPU seconds, and the minimum counts:
whatever else the machine does can only add to it: of a peer that of blocks of some 10 ms, of elman that of the short and
of the long runs. It needs Linux or macOS, and a gcc, whose exp and tanh of vectors make the C programs fast.

The default, m = 100 and batch size 1, takes one and a half minutes; --all-sizes takes about nine.
"""

import argparse
import array
import collections
import csv
import datetime
import functools
import importlib.metadata
import json
import os
import pathlib
import platform
import re
import resource
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile

PEERS = pathlib.Path(__file__).resolve().parent
ROOT = PEERS.parent.parent
sys.path.append(str(ROOT / "fixtures"))
import program  # noqa: E402
import speed_chart  # noqa: E402

ALL_SIZES = [(5, 1), (100, 1), (256, 1), (512, 1), (100, 16), (512, 16)]
FREQUENT = 65
# Losses that are compared: later ones differ, because training is chaotic.
CHECKED = 3
# Relative, between losses of one computation in different orders.
TOLERANCE = {"float64": 1e-9, "float32": 1e-5}
# Seconds of a peer's turn and of one of its blocks, and by how much a long run is longer than a short one.
TURN, BLOCK, LONGER = 0.3, 0.01, 0.6
# JAX makes so many updates a call: blocks are multiples of them.
CALL = 20
SHORT = 20
THREADS = {f"{library}_NUM_THREADS": "1" for library in ["OMP", "OPENBLAS", "MKL"]}
CC = os.environ.get("CC", "cc")


def compiled(name, folder, *flags):
    built = folder / name
    if not built.exists():
        program.output(CC, "-O3", "-march=native", "-ffast-math", PEERS / "peer.c", "-o", built, *flags, "-lm")
    return [built]


def with_blas(name, folder, header, libraries, *flags):
    paths = [f"-I{header.parent}", *libraries, f"-Wl,-rpath,{libraries[0].parent}"]
    return compiled(name, folder, f"-DBLAS_HEADER=<{header.name}>", *flags, *paths)


def file_of(package, pattern):
    """The file of an installed package whose name matches."""
    for path in importlib.metadata.files(package) or []:
        if re.fullmatch(pattern, path.name):
            return pathlib.Path(path.locate()).resolve()
    sys.exit(f"{package} has no file {pattern}")


def with_openblas(folder):
    header, library = (file_of("scipy-openblas32", name) for name in ["cblas.h", r"libscipy_openblas\.(so|dylib)"])
    return with_blas("openblas", folder, header, [library], "-DBLAS_PREFIX=scipy_")


def with_mkl(folder):
    libraries = [file_of("mkl", rf"libmkl_{part}\.so.*") for part in ["intel_lp64", "sequential", "core"]]
    return with_blas("mkl", folder, file_of("mkl-include", r"mkl\.h"), libraries)


def in_python(name, _folder):
    return [sys.executable, "-B", PEERS / name]


class System(collections.namedtuple("System", "name command packages tools type options", defaults=["float64", ()])):
    """A peer: how its command is made from a folder for what is built, and what has to be installed."""

    def missing(self):
        for package in self.packages:
            try:
                importlib.metadata.version(package)
            except importlib.metadata.PackageNotFoundError:
                return f"no Python package {package}"
        return next((f"no program {tool}" for tool in self.tools if not shutil.which(tool)), None)

    @property
    def is_torch(self):
        return "torch" in self.packages


def torch_system(name, way, kind, tools=()):
    return System(name, functools.partial(in_python, "torch_peer.py"), ["numpy", "torch"], tools, kind, (way, kind))


SYSTEMS = [
    System("C + OpenBLAS", with_openblas, ["scipy-openblas32"], [CC]),
    System("C + MKL", with_mkl, ["mkl", "mkl-include"], [CC]),
    System("C, plain loops", functools.partial(compiled, "plain"), [], [CC]),
    System("JAX", functools.partial(in_python, "jax_peer.py"), ["numpy", "jax", "jaxlib"], []),
    System("NumPy", functools.partial(in_python, "numpy_peer.py"), ["numpy"], []),
]
for kind in ["float64", "float32"]:
    SYSTEMS += [
        torch_system("torch.nn.RNN", "rnn", kind),
        torch_system("torch, loop", "loop", kind),
        torch_system("torch, compiled", "compiled", kind, ["c++"]),
    ]


def children_seconds():
    """CPU seconds of all programs that have ended, in microseconds' steps; os.times has hundredths."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class Elman:
    """Whole runs of the program, short and long ones in turn."""

    def __init__(self, elman, text, m, B, folder):
        self.command = [elman, "train", text, "--hidden", m, "--batch-size", B, "--threads", 1, "--quiet", "--force", "--out", folder]
        self.folder, self.least = folder, {}
        self.long = 11 * SHORT
        self.turn()
        self.long = SHORT + max(CALL, round(LONGER / max(self.seconds, 5e-6)))

    def run(self, updates, *options):
        start = children_seconds()
        program.output(*self.command, "--iterations", updates, *options)
        took = children_seconds() - start
        self.least[updates] = min(took, self.least.get(updates, took))

    def turn(self):
        self.run(SHORT)
        self.run(self.long)

    @property
    def seconds(self):
        return (self.least[self.long] - self.least[SHORT]) / (self.long - SHORT)

    def losses(self):
        self.run(CHECKED, "--log-every", 1)
        with (self.folder / "loss.csv").open(newline="") as file:
            return [float(row["loss"]) for row in csv.DictReader(file)]

    def weights(self):
        """The bytes of U, W, V, b and c before the first update."""
        self.run(0)
        exported = self.folder.parent / "weights.npz"
        program.output(self.command[0], "export", self.folder / "model.safetensors", "--format", "npz", "--force", exported)
        with zipfile.ZipFile(exported) as arrays:
            return b"".join(entries(arrays.read(f"{name}.npy")) for name in "UWVbc")


def entries(npy):
    """What follows the header of an npy file, whose length its bytes 8 and 9 tell."""
    return npy[10 + int.from_bytes(npy[8:10], "little") :]


class Peer:
    """A process that makes updates when it is asked to."""

    def __init__(self, command):
        self.words = [str(word) for word in command]
        self.process = subprocess.Popen(self.words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.losses = [self.number() for _ in range(CHECKED)]
        self.seconds = float("inf")
        self.block(CALL)
        self.seconds = self.block(CALL)
        self.updates = max(1, round(BLOCK / self.seconds / CALL)) * CALL

    def number(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"{shlex.join(self.words)}: ended with status {self.process.wait()}")
        return float(line)

    def block(self, updates):
        print(updates, file=self.process.stdin, flush=True)
        return self.number() / updates

    def turn(self):
        end = time.perf_counter() + TURN
        while time.perf_counter() < end:
            self.seconds = min(self.seconds, self.block(self.updates))

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def write_text(path, indices, B):
    """Sequences side by side, as 32-bit integers."""
    length = len(indices) // B
    side_by_side = (indices[s * length + e] for e in range(length) for s in range(B))
    path.write_bytes(array.array("i", side_by_side).tobytes())


def differ(losses, others, kind):
    return any(not abs(loss - other) <= TOLERANCE[kind] * abs(other) for loss, other in zip(losses, others))


def check(system, losses, elman, torch):
    """That the losses are elman's. PyTorch's AdaGrad adds epsilon outside the root, so only its first is, and the
    three of each way are those of the first way; later losses in float32 are mostly rounding."""
    expected = elman
    if system.is_torch:
        expected = elman[:1] + torch.setdefault(system.type, losses)[1:] if system.type == "float64" else elman[:1]
    if differ(losses, expected, system.type):
        sys.exit(f"{system.name}, {system.type}: losses {losses}, expected {expected}")
    apart = max(abs(loss - other) / other for loss, other in zip(losses, expected))
    told = "losses" if len(expected) > 1 else "loss"
    print(f"{system.name}, {system.type}: {len(expected)} {told} within {apart:.0e}", file=sys.stderr)


Text = collections.namedtuple("Text", "file indices K")


def measure(elman, text, size, systems, rounds, folder):
    """Rows of the results, of one size."""
    m, B = size
    print(f"m = {m}, batch size {B}", file=sys.stderr)
    own = Elman(elman, text.file, m, B, folder / "run")
    write_text(folder / "text", text.indices, B)
    (folder / "weights").write_bytes(own.weights())
    expected, torch, timed = own.losses(), {}, [("elman", "float64", own)]
    for system in systems:
        peer = Peer([*system.command(folder), folder, m, text.K, B, *system.options])
        check(system, peer.losses, expected, torch)
        timed.append((system.name, system.type, peer))
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}", file=sys.stderr)
        for *_, one in timed:
            one.turn()
    for *_, peer in timed[1:]:
        peer.end()
    return [{"system": name, "type": kind, "m": m, "B": B, "microseconds": round(1e6 * one.seconds, 2)} for name, kind, one in timed]


def frequent_story():
    """The built-in story in its most frequent characters, as the benches have it."""
    story = program.text_of(ROOT / "fixtures/story.txt")
    order = sorted(sorted(set(story)), key=lambda character: -story.count(character))
    return "".join(character for character in story if character in order[:FREQUENT])


def machine(elman):
    """The processor, and the instruction set that elman chooses."""
    told, cpuinfo = {}, pathlib.Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = cpuinfo.read_text().split("\n\n")[0].splitlines()
        told = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    # elman names all it can choose from where it is asked for something else; it takes the last one.
    asked = subprocess.run([elman, "check"], capture_output=True, text=True, env=os.environ | {"ELMAN_ISA": "?"})
    has = re.search(r"it has .*?(\w+)\s*$", asked.stderr)
    level = os.environ.get("ELMAN_ISA") or (has[1] if has else None)
    return {
        "processor": told.get("model name") or platform.processor() or platform.machine(),
        "family": told.get("cpu family"),
        "model": told.get("model"),
        "instruction set": level,
        "system": platform.system(),
    }


def versions(elman, systems):
    found = {"elman": program.output(elman, "--version").decode().split()[-1], "Python": platform.python_version()}
    if any(CC in system.tools for system in systems):
        found["C compiler"] = program.output(CC, "--version").decode().splitlines()[0]
    packages = [package for system in systems for package in system.packages]
    return found | {package: importlib.metadata.version(package) for package in packages}


def size(word):
    """m and the batch size of `100` or `512x16`."""
    m, _, B = word.partition("x")
    return int(m), int(B or 1)


def available():
    for system in SYSTEMS:
        if reason := system.missing():
            print(f"skipped: {system.name}, {system.type}: {reason}", file=sys.stderr)
        else:
            yield system


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("elman", type=lambda path: pathlib.Path(path).resolve())
    parser.add_argument("text", nargs="?", type=lambda path: pathlib.Path(path).resolve())
    parser.add_argument("--sizes", nargs="+", type=size, default=[(100, 1)], help="m, or m x batch size as in 512x16 (100)")
    parser.add_argument("--all-sizes", dest="sizes", action="store_const", const=ALL_SIZES, help="5 100 256 512 100x16 512x16")
    parser.add_argument("--rounds", type=int, default=10, help="turns of every system (10)")
    parser.add_argument("--json", type=pathlib.Path, help="write the numbers to this file")
    return parser.parse_args()


def arguments():
    """The command's own, without the folders of this machine."""
    return [pathlib.Path(word).name for word in sys.argv[1:]]


def main():
    given = options()
    os.environ |= THREADS
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    systems = list(available())
    string = program.text_of(given.text) if given.text else frequent_story()
    vocabulary = {character: index for index, character in enumerate(sorted(set(string)))}
    results = {
        "date": datetime.date.today().isoformat(),
        "arguments": arguments(),
        "machine": machine(given.elman),
        "versions": versions(given.elman, systems),
        "text": {"name": given.text.name if given.text else "story.txt", "characters": len(string)},
        "K": len(vocabulary),
        "T": 25,
        "rounds": given.rounds,
        "updates": [],
    }
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        text = Text(folder / "text.txt", [vocabulary[character] for character in string], len(vocabulary))
        text.file.write_text(string, encoding="utf-8", newline="")
        for one in given.sizes:
            results["updates"] += measure(given.elman, text, one, systems, given.rounds, folder)
            if given.json:
                given.json.write_text(json.dumps(results, indent=1) + "\n")
    print(speed_chart.table(results))


if __name__ == "__main__":
    main()
