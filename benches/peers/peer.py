"""What the peers in Python have in common: how they begin, which characters an update takes, how they are timed."""

import itertools
import pathlib
import sys
import time

import numpy as np

T = 25


def begun():
    """The text with its sequences side by side, and the weights."""
    folder = pathlib.Path(sys.argv[1])
    m, K, B = map(int, sys.argv[2:5])
    text = np.fromfile(folder / "text", np.int32).reshape(-1, B)
    entries, weights = np.fromfile(folder / "weights"), {}
    for name, shape in {"U": (m, K), "W": (m, m), "V": (K, m), "b": (m,), "c": (K,)}.items():
        part, entries = np.split(entries, [np.prod(shape)])
        weights[name] = part.reshape(shape)
    return text, weights


def starts(length):
    """The first character of one update after another; 0 is where the hidden state is zero again."""
    return itertools.cycle(range(0, length - T, T))


def serve(losses):
    """Prints the first three losses, then CPU seconds for as many updates as each line of standard input asks for."""
    for loss in itertools.islice(losses, 3):
        print(repr(float(loss)), flush=True)
    for line in sys.stdin:
        updates = int(line)
        start = time.process_time()
        for _ in range(updates):
            next(losses)
        print(time.process_time() - start, flush=True)
