"""The update in JAX. A call of the compiled function makes several updates, so that calls take next to no time."""

import functools
import itertools
import os

os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["JAX_ENABLE_X64"] = "1"

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402

import peer  # noqa: E402
from peer import T  # noqa: E402

# Updates a call. run.py asks for a multiple of them.
CALL = 20


def loss_of(theta, h, x, y):
    U, W, V, b, c = theta

    def step(h, a):
        h = jnp.tanh(a + (W @ h if h.ndim == 1 else h @ W.T))
        return h, h

    h, states = jax.lax.scan(step, h, U[x] + b)
    logits = states @ V.T + c
    targets = jnp.take_along_axis(logits, y[..., None], axis=-1)[..., 0]
    losses = jax.nn.logsumexp(logits, axis=-1) - targets
    return losses.sum() / (h.size // h.shape[-1]), h


def update(text, state, start):
    theta, G, h = state
    h = jnp.where(start == 0, 0, h)
    characters = jax.lax.dynamic_slice_in_dim(text, start, T + 1)
    (loss, h), gradient = jax.value_and_grad(loss_of, has_aux=True)(theta, h, characters[:-1], characters[1:])
    gradient = [jnp.clip(part, -5, 5) for part in gradient]
    G = [squares + part * part for squares, part in zip(G, gradient)]
    theta = [part - 0.1 * slope / jnp.sqrt(squares + 1e-8) for part, slope, squares in zip(theta, gradient, G)]
    return (theta, G, h), loss


@functools.partial(jax.jit, donate_argnums=1)
def call(text, state, starts):
    return jax.lax.scan(functools.partial(update, text), state, starts)


def updates(text, weights):
    # A character's column of U is a row here. One sequence is a vector.
    text = jnp.array(text[:, 0] if text.shape[1] == 1 else text)
    theta = [jnp.array(weights["U"].T)] + [jnp.array(weights[name]) for name in "WVbc"]
    state = theta, [jnp.zeros_like(part) for part in theta], jnp.zeros((*text.shape[1:], len(weights["b"])))
    starts = peer.starts(len(text))
    while True:
        state, losses = call(text, state, np.fromiter(itertools.islice(starts, CALL), np.int64))
        yield from losses.tolist()


peer.serve(updates(*peer.begun()))
