"""ops/recurrent_cell.cpp, by PyTorch's own cells. Theirs hold the products as well; weights that are the identity, or zeros,
leave the gates as they are."""

import torch


def lstm_cell(gates, c):
    gates, c = torch.from_numpy(gates), torch.from_numpy(c)
    forget, input, output, change = gates.chunk(4, 1)
    theirs = torch.cat([input, forget, change, output], 1)
    n, hidden = c.shape
    zeros = torch.zeros(4 * hidden, hidden, dtype=c.dtype)
    h, c = torch.lstm_cell(theirs, (torch.zeros_like(c), c), torch.eye(4 * hidden, dtype=c.dtype), zeros, zeros.new_zeros(4 * hidden), zeros.new_zeros(4 * hidden))
    return h.numpy(), c.numpy()


def gru_cell(x_gates, h_gates, h):
    x_gates, h_gates, h = map(torch.from_numpy, (x_gates, h_gates, h))
    hidden = h.shape[1]
    eye, zeros = torch.eye(3 * hidden, dtype=h.dtype), torch.zeros(3 * hidden, hidden, dtype=h.dtype)
    rows = [  # one by one: the gates of the hidden state come as a bias
        torch.gru_cell(x[None], s[None], eye, zeros, zeros.new_zeros(3 * hidden), bias) for x, bias, s in zip(x_gates, h_gates, h)
    ]
    return torch.cat([h[:0], *rows]).numpy()
