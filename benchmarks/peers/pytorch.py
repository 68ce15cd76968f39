#!/usr/bin/env python3
"""Times the five models of the timing table in eager PyTorch: the same data, initial weights, batches, order and
arithmetic as benchmarks/timing_table, so that the two may be set side by side.

Needs torch and numpy only. Initial weights come from --golden (a folder of <row>.<parameter>.npy; with its losses.json
the first losses are checked) or from --weights (a folder of <row>.safetensors, with the parameters under their names
or numbered in their order). What is timed is the training loop alone; a first run apart absorbs warm-up.
"""

import argparse
import gzip
import json
import math
import os
import platform
import statistics
import sys
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

PARAMETERS = {
    "linreg": {"w": (13, 1), "b": (1,)},
    "softmax": {"w": (784, 10), "b": (10,)},
    "mlp": {"w1": (784, 64), "b1": (64,), "w2": (64, 10), "b2": (10,)},
    "lenet": {
        "conv1.w": (20, 1, 5, 5), "conv1.b": (20,), "conv2.w": (50, 20, 5, 5), "conv2.b": (50,),
        "fc1.w": (500, 800), "fc1.b": (500,), "fc2.w": (10, 500), "fc2.b": (10,),
    },
    "charlm": {"embed": (84, 256), "lstm.w": (512, 1024), "lstm.b": (1024,), "out.w": (256, 84), "out.b": (84,)},
}
ROWS = list(PARAMETERS)
# How closely the first losses follow golden ones, and how many of them do. charlm's start is chaotic: weights that
# differ by 1e-7 of themselves differ by 1e-5 in its first loss and by 1e-2 in its second.
TOLERANCE = 1e-4
CHECKED = {"charlm": 1}


class Failure(Exception):
    """What the user is told, without a traceback."""


# --- initial weights -------------------------------------------------------------------------------------------------


def read_safetensors(path):
    """The float32 tensors of a file, by name."""
    raw = path.read_bytes()
    size = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8 : 8 + size])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        if entry["dtype"] != "F32":
            raise Failure(f"{path}: tensor {name} is {entry['dtype']}, not F32")
        begin, end = entry["data_offsets"]
        flat = np.frombuffer(raw[8 + size + begin : 8 + size + end], dtype="<f4")
        tensors[name] = flat.reshape(entry["shape"])
    return tensors


def initial_weights(row, options):
    if options.golden:
        found = {name: np.load(options.golden / f"{row}.{name}.npy") for name in PARAMETERS[row]}
    else:
        found = read_safetensors(options.weights / f"{row}.safetensors")
    weights = []
    for position, (name, shape) in enumerate(PARAMETERS[row].items()):
        name = name if name in found else str(position)
        if name not in found or found[name].shape != shape:
            has = found[name].shape if name in found else "missing"
            raise Failure(f"{row}: parameter {name} should have shape {shape}, but is {has}")
        weights.append(torch.from_numpy(np.array(found[name], dtype=np.float32)))
    return weights


# --- data ------------------------------------------------------------------------------------------------------------


def find(folders, *names):
    """The first of the files named, in the first of the folders that has one."""
    for folder in folders:
        for name in names:
            for candidate in (folder / name, folder / f"{name}.gz"):
                if candidate.is_file():
                    return candidate
    raise Failure(f"no file {' or '.join(names)} in {', '.join(map(str, folders))}")


def read_idx(path):
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    shape = np.frombuffer(raw, ">i4", count=raw[3], offset=4)
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3]).reshape(shape)


def mnist(folders, image_shape):
    images = read_idx(find(folders, "mnist/train-images-idx3-ubyte", "train-images-idx3-ubyte"))
    labels = read_idx(find(folders, "mnist/train-labels-idx1-ubyte", "train-labels-idx1-ubyte"))
    x = torch.from_numpy(images.astype(np.float32) / np.float32(255)).reshape(-1, 100, *image_shape)
    y = torch.from_numpy(labels.astype(np.int64)).reshape(-1, 100)
    return list(zip([b.contiguous() for b in x], [b.contiguous() for b in y]))


def housing(folders):
    table = np.loadtxt(find(folders, "housing.data", "housing/housing.data"), dtype=np.float64)
    x, y = table[:, :13], table[:, 13:]
    x = (x - x.mean(axis=0)) / x.std(axis=0, ddof=1)
    return torch.from_numpy(x.astype(np.float32)), torch.from_numpy(y.astype(np.float32))


def hiawatha(folders, rows=128, length=100):
    """Chunks (inputs, targets) of shape [length, rows]; characters numbered in order of first appearance."""
    text = find(folders, "hiawatha-19.txt", "hiawatha.txt").read_bytes().decode("latin-1")
    number = {c: i for i, c in enumerate(dict.fromkeys(text))}
    tokens = np.array([number[c] for c in text], dtype=np.int64)
    columns = len(tokens) // rows
    grid = torch.from_numpy(tokens[: rows * columns].reshape(rows, columns).T.copy())
    starts = range(0, columns - length, length)
    return [(grid[s : s + length].contiguous(), grid[s + 1 : s + length + 1].contiguous()) for s in starts]


# --- models: train(weights) yields the loss of every update; mean_loss(weights) is over all batches ---------------------


def sgd(weights, loss, rate, clip=None):
    gradients = torch.autograd.grad(loss, weights)
    with torch.no_grad():
        if clip is not None:
            norm = torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(g) for g in gradients])).item()
            if norm > clip:
                rate *= clip / norm
        for w, g in zip(weights, gradients):
            w.sub_(g, alpha=rate)
    return loss.detach()


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


class Supervised:
    """A model whose loss takes batches one by one."""

    def __init__(self, loss, batches, epochs, rate):
        self.loss, self.batches, self.epochs, self.rate = loss, batches, epochs, rate

    def train(self, weights):
        for _ in range(self.epochs):
            for x, y in self.batches:
                yield sgd(weights, self.loss(weights, x, y), self.rate)

    def mean_loss(self, weights):
        return statistics.fmean(self.loss(weights, x, y).item() for x, y in self.batches)


def charlm_cells(weights, tokens, h, c):
    """The LSTM written out, one step at a time: the gates are forget, input, output, change."""
    embed, w, b = weights[:3]
    outputs = []
    for x in F.embedding(tokens, embed).unbind(0):
        forget, take, give, change = torch.addmm(b, torch.cat((x, h), 1), w).chunk(4, 1)
        c = torch.sigmoid(forget) * c + torch.sigmoid(take) * torch.tanh(change)
        h = torch.sigmoid(give) * torch.tanh(c)
        outputs.append(h)
    return torch.stack(outputs), h, c


def charlm_fused(weights, tokens, h, c):
    """The same through PyTorch's own LSTM, whose gates are input, forget, change, output."""
    embed, w, b = weights[:3]
    forget, take, give, change = w.t().chunk(4, 0)
    matrix = torch.cat((take, forget, change, give))
    forget, take, give, change = b.chunk(4)
    bias = torch.cat((take, forget, change, give))
    x = F.embedding(tokens, embed)
    parameters = (matrix[:, :256].contiguous(), matrix[:, 256:].contiguous(), bias, torch.zeros_like(bias))
    y, h, c = torch.lstm(x, (h[None], c[None]), parameters, True, 1, 0.0, True, False, False)
    return y, h[0], c[0]


class Charlm:
    """A language model whose state goes on from chunk to chunk."""

    def __init__(self, folders, lstm):
        self.chunks = hiawatha(folders)
        self.forward = {"cells": charlm_cells, "fused": charlm_fused}[lstm]

    def losses(self, weights):
        h = c = torch.zeros(128, 256)
        for tokens, targets in self.chunks:
            y, h, c = self.forward(weights, tokens, h.detach(), c.detach())
            logits = torch.addmm(weights[4], y.reshape(-1, 256), weights[3])
            yield F.cross_entropy(logits, targets.reshape(-1))

    def train(self, weights):
        for loss in self.losses(weights):
            yield sgd(weights, loss, 4.0, clip=3.0)

    def mean_loss(self, weights):
        return statistics.fmean(loss.item() for loss in self.losses(weights))


def make_model(row, options):
    if row == "linreg":
        return Supervised(linreg_loss, [housing(options.folders)], 10_000, 0.1)
    if row == "softmax":
        return Supervised(softmax_loss, mnist(options.folders, (784,)), 10, 0.5)
    if row == "mlp":
        return Supervised(mlp_loss, mnist(options.folders, (784,)), 10, 0.5)
    if row == "lenet":
        return Supervised(lenet_loss, mnist(options.folders, (1, 28, 28)), 1, 0.1)
    return Charlm(options.folders, options.lstm)


# --- measuring -------------------------------------------------------------------------------------------------------


def run_once(model, initial):
    """Seconds by the clock and of the processor, updates, the first twenty losses, the mean over all batches after."""
    weights = [w.clone().requires_grad_() for w in initial]
    first, updates = [], 0
    start, start_cpu = time.perf_counter(), time.process_time()
    for loss in model.train(weights):
        if updates < 20:
            first.append(loss)
        updates += 1
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - start_cpu
    with torch.no_grad():
        final = model.mean_loss(weights)
    return {
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "updates": updates,
        "first_losses": [loss.item() for loss in first],
        "final_loss": final,
    }


def check(row, losses, options):
    """The largest relative distance of the first losses from the golden ones, or None where there are none."""
    if not options.golden or not (options.golden / "losses.json").is_file():
        return None
    golden = json.loads((options.golden / "losses.json").read_text())["losses"][row][: CHECKED.get(row, 10)]
    worst = max(abs(a - b) / abs(b) for a, b in zip(losses, golden))
    if worst > TOLERANCE:
        raise Failure(f"{row}: the first losses {losses[:len(golden)]} are not the golden ones {golden}")
    return worst


def measure(row, options):
    model = make_model(row, options)
    initial = initial_weights(row, options)
    first = run_once(model, initial)
    distance = check(row, first["first_losses"], options)
    runs = [run_once(model, initial) for _ in range(options.repeats)]
    if not all(math.isfinite(run["final_loss"]) for run in runs):
        raise Failure(f"{row}: the final losses are {[run['final_loss'] for run in runs]}")
    seconds = [run["seconds"] for run in runs]
    return {
        "row": row,
        "updates": first["updates"],
        "seconds_min": min(seconds),
        "seconds_median": statistics.median(seconds),
        "cpu_seconds_min": min(run["cpu_seconds"] for run in runs),
        "seconds": seconds,
        "seconds_first_run": first["seconds"],
        "first_losses": first["first_losses"],
        "final_loss": runs[-1]["final_loss"],
        "distance_from_golden": distance,
        **({"lstm": options.lstm} if row == "charlm" else {}),
    }


def processor():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


def setting(options):
    configuration = [line.strip(" -") for line in torch.__config__.show().splitlines()]
    return {
        "framework": "PyTorch",
        "version": torch.__version__,
        "blas": next((c for c in configuration if "Math Kernel Library" in c or c.startswith("OpenBLAS")), "see configuration"),
        "onednn": next((c for c in configuration if "MKL-DNN" in c or "oneDNN" in c), "none"),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "configuration": configuration,
        "threads": options.threads,
        "repeats": options.repeats,
        "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "processor": processor(),
        "load_average": os.getloadavg()[0],
    }


def print_table(result):
    print(f"PyTorch {result['version']}, eager, {result['threads']} thread(s), {result['processor']}")
    print(f"{result['blas']}; {result['onednn']}; {result['cpu_capability']}; load {result['load_average']:.2f}")
    print(f"{'row':8} {'min s':>9} {'median s':>9} {'cpu s':>9} {'us/update':>10} {'first run':>9} {'final loss':>11} {'golden':>8}")
    for r in result["rows"]:
        distance = "-" if r["distance_from_golden"] is None else f"{r['distance_from_golden']:.0e}"
        print(
            f"{r['row']:8} {r['seconds_min']:9.3f} {r['seconds_median']:9.3f} {r['cpu_seconds_min']:9.3f}"
            f" {1e6 * r['seconds_min'] / r['updates']:10.1f} {r['seconds_first_run']:9.3f}"
            f" {r['final_loss']:11.6f} {distance:>8}"
        )


def write_beside_then_rename(path, text):
    beside = path.with_name(path.name + ".part")
    beside.write_text(text)
    beside.replace(path)


def parse():
    def folder(name):
        return Path(os.environ[name]) if os.environ.get(name) else None

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=ROWS, metavar="ROW", help=f"of {' '.join(ROWS)}")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=5, help="timed runs, the first run not counted")
    parser.add_argument("--lstm", choices=["cells", "fused"], default="fused", help="charlm: written out, or torch.lstm")
    parser.add_argument("--data", type=Path, default=folder("PLUGRAD_DATA"), help="default: PLUGRAD_DATA")
    parser.add_argument("--golden", type=Path, default=folder("PLUGRAD_GOLDEN"), help="default: PLUGRAD_GOLDEN")
    parser.add_argument("--weights", type=Path, help="folder of <row>.safetensors, instead of --golden")
    parser.add_argument("--json", type=Path, help="write the result to this file")
    options = parser.parse_args()
    if options.weights:
        options.golden = None
    elif not options.golden:
        parser.error("where are the initial weights? Give --golden or --weights")
    options.folders = [f for f in (options.data, Path("/usr/share/datasets/fashion-mnist")) if f]
    return options


def main():
    options = parse()
    torch.set_num_threads(options.threads)
    try:
        if options.json:
            options.json.unlink(missing_ok=True)
        result = {**setting(options), "rows": [measure(row, options) for row in options.rows]}
    except Failure as failure:
        sys.exit(f"pytorch.py: {failure}")
    print_table(result)
    if options.json:
        write_beside_then_rename(options.json, json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
