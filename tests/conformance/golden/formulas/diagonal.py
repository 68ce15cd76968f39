"""ops/diagonal.cpp"""

import numpy as np
import torch


def diagonal(x, k, axis1, axis2):
    return np.diagonal(x, k, axis1, axis2)


def diagonal_backward(x, shape, k, axis1, axis2):
    x = torch.from_numpy(x)
    return torch.diagonal_scatter(torch.zeros(shape, dtype=x.dtype), x, k, axis1, axis2).numpy()


def tril(x, k):
    return np.tril(x, k)


def triu(x, k):
    return np.triu(x, k)
