"""ops/subscript.cpp"""

import numpy as np


def index(x, start, count, step, shape):
    places = [s + t * np.arange(n) for s, n, t in zip(start, count, step)]
    return (x[np.ix_(*places)] if places else x).reshape(shape)
