"""ops/embedding.cpp"""

import torch


def embedding(weight, index):
    return torch.nn.functional.embedding(torch.tensor(index), torch.tensor(weight)).numpy()


def one_hot(x, classes):
    return torch.nn.functional.one_hot(torch.tensor(x).long(), classes).float().numpy()
