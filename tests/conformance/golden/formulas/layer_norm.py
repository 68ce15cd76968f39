"""ops/layer_norm.cpp"""

import torch
import torch.nn.functional as F


def layer_norm(x, weight, bias, eps):
    return F.layer_norm(torch.from_numpy(x), weight.shape, torch.from_numpy(weight), torch.from_numpy(bias), eps).numpy()


def rms_norm(x, weight, eps):
    return F.rms_norm(torch.from_numpy(x), weight.shape, torch.from_numpy(weight), eps).numpy()


def group_norm(x, weight, bias, groups, eps):
    if x.size == 0:  # PyTorch wants an element
        return x
    return F.group_norm(torch.from_numpy(x), groups, torch.from_numpy(weight), torch.from_numpy(bias), eps).numpy()
