"""ops/cumsum.cpp"""

import numpy as np


def cumsum(x, axis, reverse):
    if not reverse:
        return np.cumsum(x, axis)
    return np.flip(np.cumsum(np.flip(x, axis), axis), axis)
