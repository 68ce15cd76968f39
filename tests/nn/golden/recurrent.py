#!/usr/bin/env python3
"""Writes recurrent.json: what PyTorch's LSTM and GRU of two layers compute, and the gradients of a weighted sum of all they
give, in float64.

    tests/nn/golden/recurrent.py > tests/nn/golden/recurrent.json

Parameters are drawn and written as nn/recurrent.h has them: weights (in, gates x hidden), the gates of the LSTM in the order
forget, input, output, change, with one bias where PyTorch adds two. PyTorch's are (gates x hidden, in), and in the order
input, forget, change, output. The GRU's order is the same.
"""
import json
import sys

import torch

STEPS, ROWS, FEATURES, HIDDEN, LAYERS = 4, 3, 5, 2, 2
torch.manual_seed(1)
torch.set_default_dtype(torch.float64)


def draw(*shape):
    return torch.empty(shape).uniform_(-1, 1).requires_grad_()


def to_json(x):
    return {"shape": list(x.shape), "elements": x.detach().reshape(-1).tolist()}


def reordered(w):
    """The gates along the last axis, from forget, input, output, change to input, forget, change, output."""
    forget, input, output, change = w.chunk(4, -1)
    return torch.cat([input, forget, change, output], -1)


def lstm(x, state, layers):
    network = torch.nn.LSTM(FEATURES, HIDDEN, LAYERS)
    names = {}
    for k, (w_x, w_h, b) in enumerate(layers):
        names[f"weight_ih_l{k}"], names[f"weight_hh_l{k}"] = reordered(w_x).t(), reordered(w_h).t()
        names[f"bias_ih_l{k}"], names[f"bias_hh_l{k}"] = reordered(b), torch.zeros(4 * HIDDEN)
    h, c = state[:LAYERS], state[LAYERS:]
    y, (h, c) = torch.func.functional_call(network, names, (x, (torch.stack(h), torch.stack(c))))
    return [y, *h, *c]


def gru(x, state, layers):
    network = torch.nn.GRU(FEATURES, HIDDEN, LAYERS)
    names = {}
    for k, (w_x, w_h, b_x, b_h) in enumerate(layers):
        names |= {f"weight_ih_l{k}": w_x.t(), f"weight_hh_l{k}": w_h.t(), f"bias_ih_l{k}": b_x, f"bias_hh_l{k}": b_h}
    y, h = torch.func.functional_call(network, names, (x, torch.stack(state)))
    return [y, *h]


def problem(network, gates, biases, states):
    sizes = [FEATURES, HIDDEN]
    layers = [
        [draw(n, gates * HIDDEN), draw(HIDDEN, gates * HIDDEN), *(draw(gates * HIDDEN) for _ in range(biases))] for n in sizes
    ]
    x, state = draw(STEPS, ROWS, FEATURES), [draw(ROWS, HIDDEN) for _ in range(states * LAYERS)]
    out = network(x, state, layers)
    weights = [draw(*y.shape) for y in out]
    inputs = [x, *state, *(p for layer in layers for p in layer)]
    gradients = torch.autograd.grad(sum((y * w).sum() for y, w in zip(out, weights)), inputs)
    named = {"in": inputs, "out": out, "weights": weights, "gradients": gradients}
    return {name: list(map(to_json, arrays)) for name, arrays in named.items()}


json.dump({"torch": torch.__version__, "lstm": problem(lstm, 4, 1, 2), "gru": problem(gru, 3, 2, 1)}, sys.stdout)
print()
