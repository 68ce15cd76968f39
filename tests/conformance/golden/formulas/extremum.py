"""ops/extremum.cpp"""

import numpy as np


def _of(axes):
    return tuple(axes) or None


def max_(x, axes, keepdims):
    return np.max(x, axis=_of(axes), keepdims=bool(keepdims))


def min_(x, axes, keepdims):
    return np.min(x, axis=_of(axes), keepdims=bool(keepdims))


def argmax(x, axis, keepdims):
    return np.argmax(x, axis=axis, keepdims=bool(keepdims))


def argmin(x, axis, keepdims):
    return np.argmin(x, axis=axis, keepdims=bool(keepdims))
