"""ops/gamma_function.cpp"""

import scipy.special
import torch


def lgamma(x):
    # SciPy's gammaln(-inf) is -inf; C and PyTorch have inf.
    return torch.lgamma(torch.from_numpy(x)).numpy()


def digamma(x):
    return scipy.special.digamma(x)


def polygamma(x, order):
    return scipy.special.polygamma(order, x)
