"""ops/batch_norm.cpp"""

import torch
import torch.nn.functional as F


def batch_norm(x, weight, bias, eps):
    x, weight, bias = map(torch.from_numpy, (x, weight, bias))
    if x.numel() == 0:  # PyTorch wants a channel
        y = x
    else:  # F.batch_norm refuses channels of one element
        y = torch.batch_norm(x, weight, bias, None, None, True, 0, eps, False)
    axes = [k for k in range(x.ndim) if k != 1]
    return y.numpy(), x.mean(axes).numpy(), x.var(axes, correction=0).numpy()


def batch_norm_inference(x, weight, bias, mean, var, eps):
    x, weight, bias, mean, var = map(torch.from_numpy, (x, weight, bias, mean, var))
    return x.numpy() if x.numel() == 0 else F.batch_norm(x, mean, var, weight, bias, training=False, eps=eps).numpy()
