"""The five models in TensorFlow, each update one tf.function: run by TensorFlow itself (graph), or compiled (xla)."""

import statistics
import sys

import tensorflow as tf

from .layout import channels_last
from .peer import Model, Session, main

modes = ["graph", "xla"]


def cross_entropy(logits, labels):
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))


def linreg_loss(weights, x, y):
    w, b = weights
    return tf.reduce_mean(tf.square(y - (x @ w + b)))


def softmax_loss(weights, x, y):
    w, b = weights
    return cross_entropy(x @ w + b, y)


def mlp_loss(weights, x, y):
    w1, b1, w2, b2 = weights
    return cross_entropy(tf.nn.relu(x @ w1 + b1) @ w2 + b2, y)


def lenet_loss(weights, x, y):
    conv1, b1, conv2, b2, fc1, b3, fc2, b4 = weights
    for w, b in ((conv1, b1), (conv2, b2)):
        x = tf.nn.max_pool2d(tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(x, w, 1, "VALID"), b)), 2, 2, "VALID")
    x = tf.nn.relu(tf.reshape(x, [-1, 800]) @ fc1 + b3)
    return cross_entropy(x @ fc2 + b4, y)


def charlm_loss(weights, state, x, y):
    embed, w, b, out, out_b = weights
    inputs = tf.gather(embed, x)

    def step(state, x):
        h, c = state
        forget, take, give, change = tf.split(tf.concat([x, h], 1) @ w + b, 4, axis=1)
        c = tf.sigmoid(forget) * c + tf.sigmoid(take) * tf.tanh(change)
        return tf.sigmoid(give) * tf.tanh(c), c

    hidden, cells = tf.scan(step, inputs, initializer=state)
    loss = cross_entropy(tf.reshape(hidden, [-1, 256]) @ out + out_b, tf.reshape(y, [-1]))
    return loss, (hidden[-1], cells[-1])


LOSSES = {"linreg": linreg_loss, "softmax": softmax_loss, "mlp": mlp_loss, "lenet": lenet_loss}


class Trained(Model):
    """`carried` goes on from batch to batch: (h, c) in charlm, nothing elsewhere."""

    def __init__(self, task, xla):
        self.task = task
        self.carried = (tf.zeros((128, 256)),) * 2 if task.name == "charlm" else ()
        self.initial, batches = channels_last(task, "HWIO")
        self.batches = [(tf.constant(x), tf.constant(y)) for x, y in batches]
        self.weights = [tf.Variable(w) for w in self.initial]
        self.compiled = tf.function(self.update, jit_compile=xla)
        self.evaluate = tf.function(self.loss, jit_compile=xla)

    def loss(self, carried, x, y):
        if self.task.name == "charlm":
            return charlm_loss(self.weights, carried, x, y)
        return LOSSES[self.task.name](self.weights, x, y), carried

    def update(self, carried, x, y):
        with tf.GradientTape() as tape:
            loss, carried = self.loss(carried, x, y)
        # As dense arrays: the norm of an embedding's sparse gradient would count rows that occur twice as two.
        gradients = [tf.convert_to_tensor(g) for g in tape.gradient(loss, self.weights)]
        if self.task.clip:
            gradients, _ = tf.clip_by_global_norm(gradients, self.task.clip)
        for w, g in zip(self.weights, gradients):
            w.assign_sub(self.task.rate * g)
        return loss, carried

    def reset(self):
        for w, value in zip(self.weights, self.initial):
            w.assign(value)

    def train(self):
        carried = self.carried
        for x, y in self.task.schedule(self.batches):
            loss, carried = self.compiled(carried, x, y)
            yield loss

    def synchronize(self):
        for w in self.weights:
            w.numpy()

    def mean_loss(self):
        losses, carried = [], self.carried
        for x, y in self.batches:
            loss, carried = self.evaluate(carried, x, y)
            losses.append(loss)
        return statistics.fmean(map(float, losses))


def session(task, options):
    return Session(Trained(task, options.mode == "xla"))


def setting(options):
    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    return {
        "framework": "TensorFlow",
        "version": tf.__version__,
        "blas": "Eigen",
        "onednn": "see peers.sh",  # TensorFlow does not tell; oneDNN does, when it is first used
    }


if __name__ == "__main__":
    main(sys.modules[__name__])
