"""ops/take.cpp: by NumPy on the array with the selected axes in front, joined to one."""

import math

import numpy as np


def _walk(x, axes):
    """x as [places of the walk over `axes`, the other axes]."""
    rest = [k for k in range(x.ndim) if k not in [a % x.ndim for a in axes]]
    length = math.prod(x.shape[a] for a in axes)
    return np.transpose(x, [*axes, *rest]).reshape(length, *[x.shape[k] for k in rest])


def take(x, index, axes, position, from_end):
    y = np.take(_walk(x, axes), index, axis=0)  # [index's axes, the others]
    return np.moveaxis(y, range(index.ndim), range(position, position + index.ndim))


def index_add(x, index, source, axes, position):
    places = _walk(np.arange(x.size).reshape(x.shape), axes)[index]
    entries = np.moveaxis(source, range(position, position + index.ndim), range(index.ndim))
    y = x.copy().ravel()
    np.add.at(y, places.ravel(), entries.ravel())
    return y.reshape(x.shape)


def ravel_index(*indices, lengths):
    return np.ravel_multi_index(np.broadcast_arrays(*[i % n for i, n in zip(indices, lengths)]), lengths)
