"""ops/exponential.cpp"""

import numpy as np


def exp(x):
    return np.exp(x)


def exp2(x):
    return np.exp2(x)


def exp10(x):
    return np.power(10.0, x)


def expm1(x):
    return np.expm1(x)
