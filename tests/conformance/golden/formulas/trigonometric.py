"""ops/trigonometric.cpp"""

import numpy as np


def sin(x):
    return np.sin(x)


def cos(x):
    return np.cos(x)


def tan(x):
    return np.tan(x)


def sinc(x):
    """NumPy's, except that it is exactly 0 where x is whole: NumPy takes the sine of a rounded multiple of pi."""
    return np.where(np.isfinite(x) & (x == np.rint(x)) & (x != 0), 0.0, np.sinc(x))
