"""The update in NumPy: products over all steps at once where the equations allow it, nothing allocated on the way."""

import numpy as np

import peer
from peer import T

# Entries that AdaGrad moves at a time: few enough for the cache.
PART = 32768


def views(entries, weights):
    """Parts of a flat array, of the weights' shapes."""
    ends = np.cumsum([part.size for part in weights])[:-1]
    return [view.reshape(part.shape) for view, part in zip(np.split(entries, ends), weights)]


def updates(text, weights):
    B, (K, m) = text.shape[1], weights["V"].shape
    # A character's column of U is contiguous.
    begun = [np.ascontiguousarray(weights["U"].T)] + [weights[name] for name in "WVbc"]
    theta = np.concatenate([part.ravel() for part in begun])
    gradient, G, scratch = np.zeros_like(theta), np.zeros_like(theta), np.empty(min(PART, theta.size))
    U, W, V, b, c = views(theta, begun)
    dU, dW, dV, db, dc = views(gradient, begun)
    parts = [(theta[i : i + PART], gradient[i : i + PART], G[i : i + PART]) for i in range(0, theta.size, PART)]
    h, a, da, g = np.zeros((T + 1, B, m)), np.empty((T, B, m)), np.empty((T, B, m)), np.empty((T * B, K))
    # All steps, a row each; and step by step, where a sequence of its own is a vector.
    before, states, rows, slopes = (steps.reshape(T * B, m) for steps in (h[:T], h[1:], da, a))
    step = (lambda steps: list(steps[:, 0])) if B == 1 else list
    h_step, a_step, da_step, every = step(h), step(a), step(da), np.arange(T * B)
    product = np.empty_like(a_step[0])
    times_W = W.dot if B == 1 else lambda states, out: states.dot(W.T, out)
    one_hot = np.eye(K)
    # The loops over the steps make 150 calls: names of their own are a few microseconds faster.
    add, multiply, tanh = np.add, np.multiply, np.tanh

    for start in peer.starts(len(text)):
        if start == 0:
            h[0] = 0
        x, y = text[start : start + T].ravel(), text[start + 1 : start + T + 1].ravel()

        np.take(U, x, axis=0, out=slopes, mode="clip")
        np.add(slopes, b, out=slopes)
        for t in range(T):
            times_W(h_step[t], product)
            add(product, a_step[t], product)
            tanh(product, h_step[t + 1])

        np.dot(states, V.T, out=g)
        np.add(g, c, out=g)
        np.subtract(g, g.max(axis=1, keepdims=True), out=g)
        targets = g[every, y].sum()
        np.exp(g, out=g)
        sums = g.sum(axis=1, keepdims=True)
        loss = (np.log(sums).sum() - targets) / B
        np.divide(g, sums, out=g)
        g[every, y] -= 1
        if B > 1:
            np.multiply(g, 1 / B, out=g)

        np.dot(g.T, states, out=dV)
        g.sum(axis=0, out=dc)
        np.dot(g, V, out=rows)
        # The derivative of tanh.
        np.multiply(states, states, out=slopes)
        np.subtract(1, slopes, out=slopes)
        np.multiply(da_step[-1], a_step[-1], out=da_step[-1])
        for t in range(T - 2, -1, -1):
            da_step[t + 1].dot(W, product)
            add(product, da_step[t], product)
            multiply(product, a_step[t], da_step[t])
        np.dot(rows.T, before, out=dW)
        rows.sum(axis=0, out=db)
        # Faster than to add row after row.
        np.dot(one_hot[x].T, rows, out=dU)

        for moved, entries, squares in parts:
            room = scratch[: entries.size]
            np.clip(entries, -5, 5, out=entries)
            np.multiply(entries, entries, out=room)
            np.add(squares, room, out=squares)
            np.add(squares, 1e-8, out=room)
            np.sqrt(room, out=room)
            np.divide(entries, room, out=room)
            np.multiply(room, 0.1, out=room)
            np.subtract(moved, room, out=moved)
        h[0] = h[T]
        yield loss


peer.serve(updates(*peer.begun()))
