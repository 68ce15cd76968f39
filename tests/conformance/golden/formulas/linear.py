"""ops/linear.cpp"""

import torch


def linear(x, weight, bias):
    x, weight, bias = map(torch.from_numpy, (x, weight, bias))
    return torch.nn.functional.linear(x, weight.T, bias).numpy()
