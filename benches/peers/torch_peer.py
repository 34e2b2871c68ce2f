"""The update in PyTorch, in three ways: torch_peer.py FOLDER m K B rnn|loop|compiled float64|float32."""

import sys

import torch
from torch.nn import functional

import peer
from peer import T


class OneHot(torch.nn.Module):
    """`torch.nn.RNN`, whose input is a one-hot matrix."""

    def __init__(self, weights):
        super().__init__()
        self.K, m = weights["V"].shape
        self.recurrent, self.output = torch.nn.RNN(self.K, m), torch.nn.Linear(m, self.K)
        layers = self.recurrent, self.output
        parts = [layers[0].weight_ih_l0, layers[0].weight_hh_l0, layers[1].weight, layers[0].bias_ih_l0, layers[1].bias]
        for part, name in zip(parts, "UWVbc"):
            part.data = weights[name].clone()
        # The equations have one bias.
        self.recurrent.bias_hh_l0.data = torch.zeros_like(weights["b"])
        self.recurrent.bias_hh_l0.requires_grad_(False)

    def prepared(self, indices):
        """For the whole text, before any update."""
        return functional.one_hot(indices, self.K).to(self.output.weight.dtype)

    def forward(self, inputs, h):
        states, last = self.recurrent(inputs, h[None])
        return self.output(states), last[0]


class Loop(torch.nn.Module):
    """Columns of U are looked up, for all steps at once; `torch.nn.RNN` cannot do so, hence the loop over the steps."""

    def __init__(self, weights):
        super().__init__()
        K, m = weights["V"].shape
        self.columns = torch.nn.Parameter(weights["U"].T.contiguous())
        self.W, self.b = (torch.nn.Parameter(weights[name].clone()) for name in "Wb")
        self.output = torch.nn.Linear(m, K)
        self.output.weight.data, self.output.bias.data = weights["V"].clone(), weights["c"].clone()

    def prepared(self, indices):
        return indices

    def pre_activation(self, a, h):
        # Of a product with one row torch.compile makes a loop of its own, which is slow where W is large.
        if torch.compiler.is_compiling() and len(h) == 1 and len(self.W) > 200:
            return torch.addmv(a[0], self.W, h[0])[None]
        return torch.addmm(a, h, self.W.T)

    def forward(self, inputs, h):
        states = []
        for a in (functional.embedding(inputs, self.columns) + self.b).unbind():
            h = torch.tanh(self.pre_activation(a, h))
            states.append(h)
        return self.output(torch.stack(states)), h


WAYS = {"rnn": OneHot, "loop": Loop, "compiled": Loop}


def updates(way, kind, text, weights):
    B, (K, m) = text.shape[1], weights["V"].shape
    weights = {name: torch.tensor(values, dtype=kind) for name, values in weights.items()}
    network, text = WAYS[way](weights), torch.tensor(text).long()
    inputs = network.prepared(text)

    def loss_of(inputs, targets, h):
        logits, h = network(inputs, h)
        return functional.cross_entropy(logits.reshape(-1, K), targets, reduction="sum") / B, h

    step = torch.compile(loss_of, dynamic=False) if way == "compiled" else loss_of
    moved = [part for part in network.parameters() if part.requires_grad]
    optimizer = torch.optim.Adagrad(moved, lr=0.1, eps=1e-8, fused=True)
    for start in peer.starts(len(text)):
        if start == 0:
            h = torch.zeros(B, m, dtype=kind)
        loss, h = step(inputs[start : start + T], text[start + 1 : start + T + 1].flatten(), h)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_value_(moved, 5)
        optimizer.step()
        h = h.detach()
        yield loss.item()


torch.set_num_threads(1)
way, kind = sys.argv[5:]
peer.serve(updates(way, getattr(torch, kind), *peer.begun()))
