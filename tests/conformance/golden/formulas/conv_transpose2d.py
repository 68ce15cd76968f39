"""ops/conv_transpose2d.cpp"""

import torch
from torch.nn import functional


def conv_transpose2d(x, w, stride, padding, output_padding, dilation, groups):
    return functional.conv_transpose2d(
        torch.tensor(x), torch.tensor(w), None, stride, padding, output_padding, groups, dilation
    ).numpy()
