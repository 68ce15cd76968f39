"""ops/reduce.cpp"""

import numpy as np


def _of(axes):
    return tuple(axes) or None


def sum_(x, axes, keepdims):
    return np.sum(x, axis=_of(axes), keepdims=bool(keepdims))


def mean(x, axes, keepdims):
    return np.mean(x, axis=_of(axes), keepdims=bool(keepdims))


def prod(x, axes, keepdims):
    return np.prod(x, axis=_of(axes), keepdims=bool(keepdims))


def sum_to(x, shape):
    lead = x.ndim - len(shape)
    stretched = tuple(lead + k for k, n in enumerate(shape) if n == 1 and x.shape[lead + k] != 1)
    return np.sum(x, axis=tuple(range(lead)) + stretched, dtype=x.dtype).reshape(shape)
