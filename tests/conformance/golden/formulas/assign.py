"""ops/assign.cpp: by NumPy's assignment, one number of the index after the other."""

import numpy as np

from formulas.take import _walk


def assign(x, value, *index, axes, position):
    if not index:
        return value.copy()
    numbers = index[0]
    places = _walk(np.arange(x.size).reshape(x.shape), axes)
    entries = np.moveaxis(value, range(position, position + numbers.ndim), range(numbers.ndim))
    y = x.copy().ravel()
    for i in np.ndindex(numbers.shape):
        y[places[numbers[i]]] = entries[i]
    return y.reshape(x.shape)
