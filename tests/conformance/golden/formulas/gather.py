"""ops/gather.cpp"""

import torch


def gather(x, index, axis):
    return torch.gather(torch.tensor(x), axis, torch.tensor(index).long()).numpy()


def scatter_add(x, index, source, axis):
    return torch.tensor(x).scatter_add(axis, torch.tensor(index).long(), torch.tensor(source)).numpy()
