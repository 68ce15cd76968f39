"""ops/arithmetic.cpp"""

import numpy as np


def add(x, y):
    return x + y


def sub(x, y):
    return x - y


def mul(x, y):
    return x * y


def div(x, y):
    return np.true_divide(x, y)


def pow_(x, y):
    return np.power(x, y)


def maximum(x, y):
    return np.maximum(x, y)


def minimum(x, y):
    return np.minimum(x, y)


def neg(x):
    return np.negative(x)


def abs_(x):
    return np.abs(x)


def sign(x):
    return np.sign(x)


def square(x):
    return np.square(x)


def reciprocal(x):
    return np.reciprocal(x)


def axpy(y, x, alpha):
    return y + alpha * x
