"""ops/clamp.cpp"""

import numpy as np


def clamp(x, low, high):
    return np.clip(x, low, high).astype(x.dtype)
