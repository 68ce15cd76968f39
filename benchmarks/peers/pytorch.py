"""The five models in PyTorch: eager; compiled, each update as one graph."""

import re
import statistics
import sys

import torch
import torch.nn.functional as F

from .peer import Model, Session, main

modes = ["eager", "compile"]


def linreg_loss(weights, x, y):
    w, b = weights
    return F.mse_loss(torch.addmm(b, x, w), y)


def softmax_loss(weights, x, y):
    w, b = weights
    return F.cross_entropy(torch.addmm(b, x, w), y)


def mlp_loss(weights, x, y):
    w1, b1, w2, b2 = weights
    hidden = torch.relu(torch.addmm(b1, x, w1))
    return F.cross_entropy(torch.addmm(b2, hidden, w2), y)


def lenet_loss(weights, x, y):
    conv1, b1, conv2, b2, fc1, b3, fc2, b4 = weights
    x = F.max_pool2d(torch.relu(F.conv2d(x, conv1, b1)), 2)
    x = F.max_pool2d(torch.relu(F.conv2d(x, conv2, b2)), 2)
    x = torch.relu(F.linear(x.flatten(1), fc1, b3))
    return F.cross_entropy(F.linear(x, fc2, b4), y)


def lstm(w, b, x, h, c):
    """PyTorch's own, whose gates are input, forget, change, output; ours are forget, input, output, change."""
    forget, take, give, change = w.t().chunk(4, 0)
    matrix = torch.cat((take, forget, change, give))
    forget, take, give, change = b.chunk(4)
    bias = torch.cat((take, forget, change, give))
    parameters = (matrix[:, :256].contiguous(), matrix[:, 256:].contiguous(), bias, torch.zeros_like(bias))
    y, h, c = torch.lstm(x, (h[None], c[None]), parameters, True, 1, 0.0, True, False, False)
    return y, h[0], c[0]


def charlm_loss(weights, x, y, h, c, lstm=lstm):
    embed, w, b, out, out_b = weights
    hidden, h, c = lstm(w, b, F.embedding(x, embed), h, c)
    return F.cross_entropy(torch.addmm(out_b, hidden.reshape(-1, 256), out), y.reshape(-1)), h, c


LOSSES = {"linreg": linreg_loss, "softmax": softmax_loss, "mlp": mlp_loss, "lenet": lenet_loss}


@torch.no_grad()
def descend(weights, gradients, rate, clip):
    if clip:
        norm = torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(g) for g in gradients])).item()
        if norm > clip:
            rate *= clip / norm
    for w, g in zip(weights, gradients):
        w.sub_(g, alpha=rate)


class Trained(Model):
    def __init__(self, task):
        self.task = task
        self.initial = [torch.from_numpy(w) for w in task.initial]
        self.batches = [(torch.from_numpy(x), torch.from_numpy(y)) for x, y in task.batches]

    def reset(self):
        self.weights = [w.clone().requires_grad_() for w in self.initial]


class Supervised(Trained):
    """A model whose loss takes batches one by one."""

    def __init__(self, task):
        super().__init__(task)
        self.loss = LOSSES[task.name]

    def update(self, weights, x, y):
        loss = self.loss(weights, x, y)
        descend(weights, torch.autograd.grad(loss, weights), self.task.rate, self.task.clip)
        return loss.detach()

    def train(self):
        for x, y in self.task.schedule(self.batches):
            yield self.update(self.weights, x, y)

    @torch.no_grad()
    def mean_loss(self):
        return statistics.fmean(self.loss(self.weights, x, y).item() for x, y in self.batches)


class Charlm(Trained):
    """A language model whose state goes on from window to window."""

    def update(self, weights, x, y, h, c):
        loss, h, c = charlm_loss(weights, x, y, h, c)
        descend(weights, torch.autograd.grad(loss, weights), self.task.rate, self.task.clip)
        return loss.detach(), h.detach(), c.detach()

    def train(self):
        h = c = torch.zeros(128, 256)
        for x, y in self.task.schedule(self.batches):
            loss, h, c = self.update(self.weights, x, y, h, c)
            yield loss

    @torch.no_grad()
    def mean_loss(self):
        losses = []
        h = c = torch.zeros(128, 256)
        for x, y in self.batches:
            loss, h, c = charlm_loss(self.weights, x, y, h, c)
            losses.append(loss.item())
        return statistics.fmean(losses)


class CompiledSupervised(Supervised):
    """Loss, gradient and descent as one graph, which gives new weights."""

    def __init__(self, task):
        super().__init__(task)

        def update(weights, x, y):
            gradients, loss = torch.func.grad_and_value(self.loss)(weights, x, y)
            return [w - task.rate * g for w, g in zip(weights, gradients)], loss

        self.update = torch.compile(update, fullgraph=True, dynamic=False)

    def reset(self):
        self.weights = [w.clone() for w in self.initial]

    def train(self):
        for x, y in self.task.schedule(self.batches):
            self.weights, loss = self.update(self.weights, x, y)
            yield loss


class CompiledCharlm(Charlm):
    """The loss compiled, forward and backward, but for the LSTM: with that in the graph, the compiler was not done after
    13 minutes. Clipping and descent are a graph of their own."""

    def __init__(self, task):
        super().__init__(task)
        opaque_lstm = torch.compiler.disable(lstm)
        self.loss = torch.compile(lambda *arguments: charlm_loss(*arguments, lstm=opaque_lstm), dynamic=False)

        def step(weights, gradients):
            norm = torch.sqrt(sum((g * g).sum() for g in gradients))
            rate = task.rate * torch.clamp(task.clip / norm, max=1.0)
            for w, g in zip(weights, gradients):
                w.sub_(rate * g)

        self.step = torch.no_grad()(torch.compile(step, dynamic=False))

    def update(self, weights, x, y, h, c):
        loss, h, c = self.loss(weights, x, y, h, c)
        self.step(weights, torch.autograd.grad(loss, weights))
        return loss.detach(), h.detach(), c.detach()


def session(task, options):
    classes = {"eager": (Supervised, Charlm), "compile": (CompiledSupervised, CompiledCharlm)}
    supervised, charlm = classes[options.mode]
    return Session((charlm if task.name == "charlm" else supervised)(task))


def setting(options):
    torch.set_num_threads(options.threads)
    configuration = torch.__config__.show()

    def found(pattern):
        match = re.search(pattern, configuration)
        return " ".join(match.groups()) if match else "none"

    return {
        "framework": "PyTorch",
        "version": torch.__version__,
        "blas": found(r"oneAPI Math Kernel (Library) Version (\S+)-").replace("Library", "MKL"),
        "onednn": found(r"MKL-DNN (v\S+)"),
        "instructions": torch.backends.cpu.get_cpu_capability(),
    }


if __name__ == "__main__":
    main(sys.modules[__name__])
