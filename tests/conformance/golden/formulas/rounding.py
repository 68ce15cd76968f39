"""ops/rounding.cpp"""

import numpy as np


def floor(x):
    return np.floor(x).astype(x.dtype)


def ceil(x):
    return np.ceil(x).astype(x.dtype)


def round_(x):
    return np.rint(x).astype(x.dtype)


def trunc(x):
    return np.trunc(x).astype(x.dtype)
