"""One update with one-hot vectors and with indices, here and in PyTorch, all in one run and on one thread.

    pip install -r benches/requirements.txt
    python benches/speed_bonus.py ELMAN       ELMAN is the built program; cargo and a C++ compiler have to be on the PATH

Forward pass, backpropagation through 25 characters, clipping and AdaGrad; K = 65, m = 100. PyTorch begins with the
weights of `elman train --iterations 0` and has to have the same loss there, and all its ways the same losses in the
first three updates, before chaos makes rounding visible. Then `cargo bench` and PyTorch take turns; the least time of
all blocks counts, since what else the machine does can only add to it. Prints two Markdown tables.
"""

import collections
import itertools
import json
import os
import pathlib
import re
import sys
import tempfile
import time

import numpy as np
import torch
from torch.nn import functional

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "fixtures"))
import program  # noqa: E402

K, M, T = 65, 100, 25
BATCHES = [1, 16]
ROUNDS = 5
BLOCKS, BLOCK = 40, 5


def frequent_story():
    """The built-in story in its K most frequent characters, as the benches have it."""
    story = (ROOT / "fixtures/story.txt").read_text(encoding="utf-8")
    order = sorted(sorted(set(story)), key=lambda character: -story.count(character))
    return "".join(character for character in story if character in order[:K])


class OneHot(torch.nn.Module):
    """`torch.nn.RNN`, whose input is a one-hot matrix."""

    def __init__(self, weights):
        super().__init__()
        self.recurrent, self.output = torch.nn.RNN(K, M), torch.nn.Linear(M, K)
        parts = [self.recurrent.weight_ih_l0, self.recurrent.weight_hh_l0, self.output.weight, self.recurrent.bias_ih_l0, self.output.bias]
        for part, name in zip(parts, "UWVbc"):
            part.data = weights[name].clone()
        # The equations have one bias.
        self.recurrent.bias_hh_l0.data = torch.zeros_like(weights["b"])
        self.recurrent.bias_hh_l0.requires_grad_(False)

    @staticmethod
    def prepared(indices, kind):
        """For the whole text, before any update."""
        return functional.one_hot(indices, K).to(kind)

    def forward(self, inputs, h):
        states, last = self.recurrent(inputs, h[None])
        return self.output(states), last[0]


class Indexed(torch.nn.Module):
    """Columns of U are looked up, for all steps at once; `torch.nn.RNN` cannot, so the steps are a loop."""

    def __init__(self, weights):
        super().__init__()
        self.columns = torch.nn.Parameter(weights["U"].T.contiguous())
        self.W, self.b = (torch.nn.Parameter(weights[name].clone()) for name in "Wb")
        self.output = torch.nn.Linear(M, K)
        self.output.weight.data, self.output.bias.data = weights["V"].clone(), weights["c"].clone()

    @staticmethod
    def prepared(indices, kind):
        return indices

    def forward(self, inputs, h):
        states, W = [], self.W.T
        for a in (functional.embedding(inputs, self.columns) + self.b).unbind():
            h = torch.tanh(torch.addmm(a, h, W))
            states.append(h)
        return self.output(torch.stack(states)), h


def updates(network, indices, batch, kind):
    """Makes an update each time, and gives its loss."""
    length = len(indices) // batch
    sequences = torch.tensor(indices[: length * batch]).reshape(batch, length).T.contiguous()
    inputs = network.prepared(sequences, kind)
    moved = [part for part in network.parameters() if part.requires_grad]
    optimizer = torch.optim.Adagrad(moved, lr=0.1, eps=1e-8, fused=True)
    while True:
        h = torch.zeros(batch, M, dtype=kind)
        for start in range(0, length - T, T):
            logits, h = network(inputs[start : start + T], h)
            targets = sequences[start + 1 : start + T + 1].flatten()
            loss = functional.cross_entropy(logits.reshape(-1, K), targets, reduction="sum") / batch
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_value_(moved, 5)
            optimizer.step()
            h = h.detach()
            yield loss.item()


def begun(elman, text, folder):
    """The weights and the loss before the first update, as elman has them, and the text as indices."""
    file, run = folder / "text", folder / "run"
    file.write_text(text, encoding="utf-8", newline="")
    told = program.output(elman, "train", file, "--iterations", 0, "--quiet", "--out", run)
    program.output(elman, "export", run / "model.safetensors", "--format", "npz", folder / "weights.npz")
    with np.load(folder / "weights.npz") as weights:
        weights = {name: torch.tensor(weights[name]) for name in "UWVbc"}
    characters = sorted(set(text))
    indices = [characters.index(character) for character in text]
    return weights, indices, float(re.search(rb"^iter=0 .*?\bloss=(\S+)", told, re.M)[1])


def compiled(weights):
    return torch.compile(Indexed(weights), dynamic=False)


WAYS = {"`torch.nn.RNN`, one-hot": OneHot, "a loop of PyTorch's, indexed": Indexed, "the loop by `torch.compile`": compiled}


def check(weights, indices, loss):
    """That all are the same computation."""
    for batch in BATCHES:
        losses = [list(itertools.islice(updates(way(weights), indices, batch, torch.float64), 3)) for way in WAYS.values()]
        apart = float(np.ptp(losses, axis=0).max())
        print(f"batch size {batch}: PyTorch's ways are {apart:.1e} apart in 3 losses", file=sys.stderr)
        if not (apart < 1e-9 and (batch > 1 or abs(losses[0][0] - loss) < 1e-9)):
            sys.exit(f"speed_bonus: not the same losses: {losses}, elman's first {loss}")


def peers(weights, indices):
    for (name, way), kind, batch in itertools.product(WAYS.items(), [torch.float64, torch.float32], BATCHES):
        own = {part: values.to(kind) for part, values in weights.items()}
        key = f"{name}, {str(kind).removeprefix('torch.')}", batch
        yield key, updates(way(own), indices, batch, kind).__next__


def block(update):
    start = time.perf_counter()
    for _ in range(BLOCK):
        update()
    return (time.perf_counter() - start) / BLOCK


def benches(folder):
    """Seconds of each of cargo's benches, the least of its samples."""
    wanted = "^(speed_bonus|training_step|training_step_batch_16)/.*/100$"
    environment = os.environ | {"CRITERION_HOME": str(folder / "criterion")}
    program.output("cargo", "bench", "--locked", "--bench", "hot_loops", "--", "--noplot", wanted, cwd=ROOT, env=environment)
    for file in folder.glob("criterion/**/new/sample.json"):
        sample, bench = (json.loads((file.with_name(name)).read_text()) for name in ["sample.json", "benchmark.json"])
        # The instruction sets are one row: the wider one is the least.
        name = bench["function_id" if bench["group_id"] == "speed_bonus" else "group_id"]
        yield name, min(took / runs for took, runs in zip(sample["times"], sample["iters"])) / 1e9


def measured(weights, indices, folder):
    least = collections.defaultdict(lambda: float("inf"))
    running = dict(peers(weights, indices))
    for update in running.values():
        block(update)
    for number in range(ROUNDS):
        print(f"round {number + 1} of {ROUNDS}", file=sys.stderr)
        for name, seconds in benches(folder):
            least[name] = min(least[name], seconds)
        for key, update in running.items():
            least[key] = min(least[key], *(block(update) for _ in range(BLOCKS)))
    return least


def row(name, seconds, fast):
    cells = [f"{1e6 * own:,.0f} | {own / base:.1f}" if own else " | " for own, base in zip(seconds, fast)]
    print(f"| {name} | {' | '.join(cells)} |")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        weights, indices, loss = begun(pathlib.Path(sys.argv[1]).resolve(), frequent_story(), folder)
        check(weights, indices, loss)
        least = measured(weights, indices, folder)
    fast = [least["training_step"], least["training_step_batch_16"]]
    print(f"PyTorch {torch.__version__}, one thread\n")
    print("| microseconds an update | batch size 1 | times elman's | batch size 16 | times elman's |\n|---|---:|---:|---:|---:|")
    row("elman, indexed", fast, fast)
    row("the equations as plain loops, one-hot (`src/network/reference.rs`)", [least["update, one-hot"], None], fast)
    for name in dict.fromkeys(key[0] for key in least if isinstance(key, tuple)):
        row(name, [least[name, batch] for batch in BATCHES], fast)
    print("\n| U x for 25 characters, plain loops | microseconds |\n|---|---:|")
    for name in ["one-hot, step by step", "one-hot, all steps at once", "indexed"]:
        print(f"| {name} | {1e6 * least[f'U x, {name}']:,.1f} |")


if __name__ == "__main__":
    main()
