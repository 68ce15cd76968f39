"""ops/moments.cpp"""

import numpy as np


def var(x, axes, keepdims, correction):
    return np.var(x, axis=tuple(axes) or None, keepdims=bool(keepdims), ddof=correction)


def stddev(x, axes, keepdims, correction):
    return np.std(x, axis=tuple(axes) or None, keepdims=bool(keepdims), ddof=correction)
