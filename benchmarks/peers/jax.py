"""The five models in JAX: each update compiled (jit); a whole epoch in one loop of the compiler (scan)."""

import statistics
import sys

import jax
import jax.numpy as jnp
from jax import lax

from .layout import channels_last
from .peer import Model, Session, main

modes = ["jit", "scan"]


def cross_entropy(logits, labels):
    chosen = jax.nn.one_hot(labels, logits.shape[-1], dtype=logits.dtype)
    return -jnp.mean(jnp.sum(chosen * jax.nn.log_softmax(logits), axis=-1))


def linreg_loss(weights, x, y):
    w, b = weights
    return jnp.mean(jnp.square(y - (x @ w + b)))


def softmax_loss(weights, x, y):
    w, b = weights
    return cross_entropy(x @ w + b, y)


def mlp_loss(weights, x, y):
    w1, b1, w2, b2 = weights
    return cross_entropy(jax.nn.relu(x @ w1 + b1) @ w2 + b2, y)


def conv(x, w, b):
    return lax.conv_general_dilated(x, w, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC")) + b


def max_pool(x):
    return lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")


def lenet_loss(weights, x, y):
    conv1, b1, conv2, b2, fc1, b3, fc2, b4 = weights
    x = max_pool(jax.nn.relu(conv(x, conv1, b1)))
    x = max_pool(jax.nn.relu(conv(x, conv2, b2)))
    x = jax.nn.relu(x.reshape(x.shape[0], -1) @ fc1 + b3)
    return cross_entropy(x @ fc2 + b4, y)


def charlm_loss(weights, state, x, y):
    embed, w, b, out, out_b = weights

    def step(state, x):
        h, c = state
        forget, take, give, change = jnp.split(jnp.concatenate([x, h], axis=1) @ w + b, 4, axis=1)
        c = jax.nn.sigmoid(forget) * c + jax.nn.sigmoid(take) * jnp.tanh(change)
        h = jax.nn.sigmoid(give) * jnp.tanh(c)
        return (h, c), h

    state, hidden = lax.scan(step, state, embed[x])
    return cross_entropy(hidden.reshape(-1, 256) @ out + out_b, y.reshape(-1)), state


LOSSES = {"linreg": linreg_loss, "softmax": softmax_loss, "mlp": mlp_loss, "lenet": lenet_loss}


def descend(weights, gradients, rate, clip):
    if clip:
        norm = jnp.sqrt(sum(jnp.sum(g * g) for g in gradients))
        rate = rate * jnp.minimum(1, clip / norm)
    return [w - rate * g for w, g in zip(weights, gradients)]


class Trained(Model):
    """The state is the weights and what goes on from batch to batch: (h, c) in charlm, nothing elsewhere."""

    def __init__(self, task):
        self.task = task
        self.carried = (jnp.zeros((128, 256)),) * 2 if task.name == "charlm" else ()
        initial, batches = channels_last(task, "HWIO")
        self.initial = [jnp.asarray(w) for w in initial]
        self.batches = [(jnp.asarray(x), jnp.asarray(y)) for x, y in batches]
        self.evaluate = jax.jit(self.loss)

    def loss(self, weights, carried, x, y):
        if self.task.name == "charlm":
            return charlm_loss(weights, carried, x, y)
        return LOSSES[self.task.name](weights, x, y), carried

    def update(self, state, batch):
        weights, carried = state
        (loss, carried), gradients = jax.value_and_grad(self.loss, has_aux=True)(weights, carried, *batch)
        return (descend(weights, gradients, self.task.rate, self.task.clip), carried), loss

    def reset(self):
        self.weights = [w.copy() for w in self.initial]

    def synchronize(self):
        jax.block_until_ready(self.weights)

    def mean_loss(self):
        losses, carried = [], self.carried
        for x, y in self.batches:
            loss, carried = self.evaluate(self.weights, carried, x, y)
            losses.append(loss)
        return statistics.fmean(map(float, losses))


class Updates(Trained):
    def __init__(self, task):
        super().__init__(task)
        self.compiled = jax.jit(self.update)

    def train(self):
        carried = self.carried
        for batch in self.task.schedule(self.batches):
            (self.weights, carried), loss = self.compiled((self.weights, carried), batch)
            yield loss


class Epochs(Trained):
    """Where an epoch is one batch, as in linreg, all of them are one loop."""

    def __init__(self, task):
        super().__init__(task)
        if len(self.batches) == 1:
            batch, count = self.batches[0], task.updates
            one_loop = jax.jit(lambda state: lax.scan(lambda s, _: self.update(s, batch), state, length=count))
            self.loops = [one_loop]
        else:
            loop = jax.jit(lambda state, batches: lax.scan(self.update, state, batches))
            stacked = {n: tuple(jnp.stack(a[:n]) for a in zip(*self.batches)) for n in set(task.epochs())}
            self.loops = [lambda state, n=n: loop(state, stacked[n]) for n in task.epochs()]

    def train(self):
        for loop in self.loops:
            (self.weights, _), losses = loop((self.weights, self.carried))
            yield losses


def session(task, options):
    return Session({"jit": Updates, "scan": Epochs}[options.mode](task))


def setting(options):
    return {
        "framework": "JAX",
        "version": jax.__version__,
        "blas": "XLA's own (Eigen, YNNPACK)",
        "onednn": "none",
    }


if __name__ == "__main__":
    main(sys.modules[__name__])
