"""Tasks for frameworks that want channels last: there LeNet is the same model with its images, its filters and the inputs
of its first fully connected layer in another order. Labels and characters become int32, which these frameworks prefer."""

import numpy as np

FILTERS = {"HWIO": (2, 3, 1, 0), "OHWI": (0, 2, 3, 1)}


def lenet_weights(weights, filters):
    """Filters from (out, in, h, w) to the order named; fully connected from (out, in) to (in, out), inputs by (h, w, c)."""
    conv1, b1, conv2, b2, fc1, b3, fc2, b4 = weights
    conv1, conv2 = conv1.transpose(FILTERS[filters]), conv2.transpose(FILTERS[filters])
    fc1 = fc1.reshape(500, 50, 4, 4).transpose(2, 3, 1, 0).reshape(800, 500)
    return [np.ascontiguousarray(w) for w in (conv1, b1, conv2, b2, fc1, b3, fc2.T, b4)]


def channels_last(task, filters):
    """The initial weights and the batches of a task."""
    batches = [(x, y if y.dtype.kind == "f" else y.astype(np.int32)) for x, y in task.batches]
    if task.name == "charlm":
        batches = [(x.astype(np.int32), y) for x, y in batches]
    if task.name != "lenet":
        return task.initial, batches
    return lenet_weights(task.initial, filters), [(np.ascontiguousarray(x.transpose(0, 2, 3, 1)), y) for x, y in batches]
