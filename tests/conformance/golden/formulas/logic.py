"""ops/logic.cpp"""

import numpy as np


def logical_and(x, y):
    return np.logical_and(x, y)


def logical_or(x, y):
    return np.logical_or(x, y)


def logical_xor(x, y):
    return np.logical_xor(x, y)


def logical_not(x):
    return np.logical_not(x)


def isnan(x):
    return np.isnan(x)


def isinf(x):
    return np.isinf(x)


def isfinite(x):
    return np.isfinite(x)
