"""ops/error_function.cpp"""

import scipy.special


def erf(x):
    return scipy.special.erf(x)


def erfc(x):
    return scipy.special.erfc(x)
