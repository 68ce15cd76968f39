"""ops/loss.cpp"""

import torch
import torch.nn.functional as F

REDUCTIONS = ("mean", "sum", "none")


def bce_with_logits(logits, y, reduction):
    return F.binary_cross_entropy_with_logits(torch.from_numpy(logits), torch.from_numpy(y), reduction=REDUCTIONS[reduction]).numpy()


def mse(x, y, reduction):
    return F.mse_loss(torch.from_numpy(x), torch.from_numpy(y), reduction=REDUCTIONS[reduction]).numpy()


def huber(x, y, reduction, delta):
    return F.huber_loss(torch.from_numpy(x), torch.from_numpy(y), reduction=REDUCTIONS[reduction], delta=delta).numpy()
