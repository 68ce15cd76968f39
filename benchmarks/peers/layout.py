"""LeNet's weights for frameworks that want channels last: there the same model has its filters and the rows of its
first fully connected layer in another order."""

import numpy as np

FILTERS = {"HWIO": (2, 3, 1, 0), "OHWI": (0, 2, 3, 1)}


def lenet_nhwc(weights, filters):
    """Filters from (out, in, h, w) to the order named; fully connected from (out, in) to (in, out), inputs by (h, w, c)."""
    conv1, b1, conv2, b2, fc1, b3, fc2, b4 = weights
    conv1, conv2 = conv1.transpose(FILTERS[filters]), conv2.transpose(FILTERS[filters])
    fc1 = fc1.reshape(500, 50, 4, 4).transpose(2, 3, 1, 0).reshape(800, 500)
    return [np.ascontiguousarray(w) for w in (conv1, b1, conv2, b2, fc1, b3, fc2.T, b4)]
