"""ops/inverse_trigonometric.cpp"""

import numpy as np


def asin(x):
    return np.arcsin(x)


def acos(x):
    return np.arccos(x)


def atan(x):
    return np.arctan(x)


def atan2(y, x):
    return np.arctan2(y, x)
