"""ops/logsumexp.cpp"""

import scipy.special


def logsumexp(x, axes, keepdims):
    return scipy.special.logsumexp(x, axis=tuple(axes) or None, keepdims=bool(keepdims))
