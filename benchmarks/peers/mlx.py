"""The five models in MLX on its CPU backend: each update evaluated as its ops come (eager), or compiled (compile)."""

import re
import statistics
import sys
from importlib.metadata import files, version

import mlx.core as mx
import mlx.nn as nn

from .layout import channels_last
from .peer import Model, Session, main

modes = ["eager", "compile"]


def linreg_loss(weights, x, y):
    w, b = weights
    return mx.mean(mx.square(y - mx.addmm(b, x, w)))


def softmax_loss(weights, x, y):
    w, b = weights
    return nn.losses.cross_entropy(mx.addmm(b, x, w), y, reduction="mean")


def mlp_loss(weights, x, y):
    w1, b1, w2, b2 = weights
    hidden = nn.relu(mx.addmm(b1, x, w1))
    return nn.losses.cross_entropy(mx.addmm(b2, hidden, w2), y, reduction="mean")


max_pool = nn.MaxPool2d(2)


def lenet_loss(weights, x, y):
    conv1, b1, conv2, b2, fc1, b3, fc2, b4 = weights
    x = max_pool(nn.relu(mx.conv2d(x, conv1) + b1))
    x = max_pool(nn.relu(mx.conv2d(x, conv2) + b2))
    x = nn.relu(mx.addmm(b3, x.reshape(-1, 800), fc1))
    return nn.losses.cross_entropy(mx.addmm(b4, x, fc2), y, reduction="mean")


def charlm_loss(weights, state, x, y):
    embed, w, b, out, out_b = weights
    h, c = state
    hidden = []
    for inputs in embed[x]:
        forget, take, give, change = mx.split(mx.addmm(b, mx.concatenate([inputs, h], axis=1), w), 4, axis=1)
        c = mx.sigmoid(forget) * c + mx.sigmoid(take) * mx.tanh(change)
        h = mx.sigmoid(give) * mx.tanh(c)
        hidden.append(h)
    logits = mx.addmm(out_b, mx.concatenate(hidden), out)
    return nn.losses.cross_entropy(logits, y.flatten(), reduction="mean"), (h, c)


LOSSES = {"linreg": linreg_loss, "softmax": softmax_loss, "mlp": mlp_loss, "lenet": lenet_loss}


def descend(weights, gradients, rate, clip):
    if clip:
        norm = mx.sqrt(sum(mx.sum(g * g) for g in gradients))
        rate = rate * mx.minimum(1, clip / norm)
    return [w - rate * g for w, g in zip(weights, gradients)]


class Trained(Model):
    """`carried` goes on from batch to batch: (h, c) in charlm, nothing elsewhere."""

    def __init__(self, task, compiled):
        self.task = task
        self.carried = (mx.zeros((128, 256)),) * 2 if task.name == "charlm" else ()
        initial, batches = channels_last(task, "OHWI")
        self.initial = [mx.array(w) for w in initial]
        self.batches = [(mx.array(x), mx.array(y)) for x, y in batches]
        mx.eval(self.batches, self.initial)
        self.step = mx.compile(self.update) if compiled else self.update

    def loss(self, weights, carried, x, y):
        if self.task.name == "charlm":
            return charlm_loss(weights, carried, x, y)
        return LOSSES[self.task.name](weights, x, y), carried

    def update(self, weights, carried, x, y):
        (loss, carried), gradients = mx.value_and_grad(self.loss)(weights, carried, x, y)
        return descend(weights, gradients, self.task.rate, self.task.clip), carried, loss

    def reset(self):
        self.weights = [mx.array(w) for w in self.initial]

    def train(self):
        carried = self.carried
        for x, y in self.task.schedule(self.batches):
            self.weights, carried, loss = self.step(self.weights, carried, x, y)
            mx.eval(self.weights, loss)
            yield loss

    def synchronize(self):
        mx.eval(self.weights)

    def mean_loss(self):
        losses, carried = [], self.carried
        for x, y in self.batches:
            loss, carried = self.loss(self.weights, carried, x, y)
            mx.eval(loss, carried)
            losses.append(loss.item())
        return statistics.fmean(losses)


def session(task, options):
    return Session(Trained(task, options.mode == "compile"))


def setting(options):
    mx.set_default_device(mx.cpu)
    return {"framework": "MLX", "version": version("mlx"), "blas": blas(), "onednn": "none"}


def blas():
    """The library that the wheel brings: without OpenBLAS in its name it is the reference BLAS."""
    name = next((f.name for f in files("mlx-cpu") or [] if re.match(r"lib(open)?blas", f.name)), "")
    if not name:
        return "?"
    return name if "openblas" in name else f"reference BLAS {name.split('.so.')[-1]}"


if __name__ == "__main__":
    main(sys.modules[__name__])
