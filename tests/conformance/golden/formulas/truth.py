"""ops/truth.cpp"""

import numpy as np


def all_(x, axes, keepdims):
    return np.all(x, axis=tuple(axes) or None, keepdims=bool(keepdims))


def any_(x, axes, keepdims):
    return np.any(x, axis=tuple(axes) or None, keepdims=bool(keepdims))
