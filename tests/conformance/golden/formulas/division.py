"""ops/division.cpp"""

import numpy as np


def floor_divide(x, y):
    return np.floor_divide(x, y)


def remainder(x, y):
    return np.remainder(x, y)
