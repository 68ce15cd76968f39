"""ops/pool2d.cpp"""

import torch
from torch.nn import functional


def max_pool2d(x, kernel, stride, padding):
    return functional.max_pool2d(torch.tensor(x), kernel, stride, padding).numpy()


def avg_pool2d(x, kernel, stride, padding, count_include_pad):
    return functional.avg_pool2d(
        torch.tensor(x), kernel, stride, padding, count_include_pad=bool(count_include_pad)
    ).numpy()
