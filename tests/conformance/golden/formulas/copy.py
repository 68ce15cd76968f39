"""ops/copy.cpp"""

import numpy as np

_DTYPES = {0: np.bool_, 1: np.int32, 2: np.int64, 5: np.float32, 6: np.float64}  # core/dtype.h


def cast(x, dtype, **_):
    return x.astype(_DTYPES[dtype])


def copy(x):
    return x.copy()


def full(shape, value, dtype):
    return np.full(shape, value, _DTYPES[dtype])
