"""What every peer does in the same way: options, threads, timing, and the lines of JSON it answers with.

A peer says what it is (event "setting"), makes a row ready by one run that is not counted (event "ready": its first
update, which compiles, is timed apart), and then makes one timed run (event "run") for each line that it reads, until
there are no more. Without --serve it makes --repeats runs of each row in one go. Timed is the training loop alone, from
weights and batches that lie ready to a result that has been computed.
"""

import argparse
import json
import os
import platform
import statistics
import sys
import time
from itertools import islice
from pathlib import Path

import numpy as np

from . import data, weights
from .environment import environment, pin, processor, start_again_with
from .failure import Failure
from .rows import FIRST_TOLERANCE, ROWS, distance

FIRST = 20  # so many first losses are reported
STAND_IN = Path("/usr/share/datasets/fashion-mnist")  # where no MNIST is found


class Task:
    """A row with its data: what is trained, on what, from where. NumPy's arrays: float32, but labels and characters int64."""

    def __init__(self, row, options):
        self.name, self.row = row, ROWS[row]
        self.rate, self.clip = self.row.rate, self.row.clip
        self.batches = data.batches_of(row, options.folders)
        self.initial = weights.read(row, options.weights)
        self.updates = self.row.epochs * len(self.batches)
        if options.updates:
            self.updates = min(self.updates, options.updates)

    def schedule(self, batches):
        """Goes through the batches, epoch after epoch, as often as there are updates."""
        return islice((b for _ in range(self.row.epochs) for b in batches), self.updates)

    def epochs(self):
        """The number of updates of each epoch."""
        full, rest = divmod(self.updates, len(self.batches))
        return [len(self.batches)] * full + ([rest] if rest else [])


class Model:
    """What a framework's module brings for a row: its weights, and how it trains them."""

    def reset(self):
        """Back to the initial weights."""
        raise NotImplementedError

    def train(self):
        """Yields the loss of every update, or an array with those of several, computed or still to be computed."""
        raise NotImplementedError

    def synchronize(self):
        """Waits until the weights have been computed."""

    def mean_loss(self):
        """The mean over all batches with the weights as they are."""
        raise NotImplementedError


class Session:
    """Times a model in this process."""

    def __init__(self, model):
        self.model = model

    def first_run(self):
        self.model.reset()
        start = time.perf_counter()
        losses = self.model.train()
        first = [next(losses)]
        self.model.synchronize()
        first_update = time.perf_counter() - start
        for loss in losses:
            if len(first) < FIRST:
                first.append(loss)
        self.model.synchronize()
        seconds = time.perf_counter() - start
        return {
            "first_update": first_update,
            "first_run": seconds,
            "first_losses": np.concatenate([np.ravel(loss) for loss in first])[:FIRST].tolist(),
            "final_loss": float(self.model.mean_loss()),
        }

    def run(self):
        self.model.reset()
        self.model.synchronize()
        start, start_cpu = time.perf_counter(), time.process_time()
        for _ in self.model.train():
            pass
        self.model.synchronize()
        seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - start_cpu
        return {"seconds": seconds, "cpu_seconds": cpu_seconds, "final_loss": float(self.model.mean_loss())}


# --- the setting -----------------------------------------------------------------------------------------------------


def parse(description, modes, arguments=None):
    def folder(name):
        return Path(os.environ[name]) if os.environ.get(name) else None

    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mode", choices=modes, default=modes[0])
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS), metavar="ROW", help=f"of {' '.join(ROWS)}")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=5, help="timed runs, the first run not counted")
    parser.add_argument("--updates", type=int, help="stop after so many; default: all that the row has")
    parser.add_argument("--data", type=Path, default=folder("PLUGRAD_DATA"), help="default: PLUGRAD_DATA")
    parser.add_argument("--golden", type=Path, default=folder("PLUGRAD_GOLDEN"),
                        help="folder of <row>.<parameter>.npy and losses.json; default: PLUGRAD_GOLDEN")  # fmt: skip
    parser.add_argument("--weights", type=Path, help="folder of <row>.safetensors or <row>.<parameter>.npy, instead")
    parser.add_argument("--serve", action="store_true", help="one row; a timed run for every line that is read")
    options = parser.parse_args(arguments)
    if not (options.weights or options.golden):
        parser.error("where are the initial weights? Give --golden or --weights")
    if options.serve and len(options.rows) != 1:
        parser.error("--serve takes one row")
    if options.weights:
        options.golden = None
    options.weights = options.weights or options.golden
    options.folders = [f for f in (options.data, STAND_IN) if f]
    return options


# --- answers ---------------------------------------------------------------------------------------------------------


def say(event, **facts):
    print(json.dumps({"event": event, **facts}), flush=True)


def golden_distance(row, losses, options):
    """Of the first losses from the golden ones; None where there are none."""
    if not options.golden or not (options.golden / "losses.json").is_file():
        return None
    golden = json.loads((options.golden / "losses.json").read_text())["losses"][row]
    return distance(losses, golden[: ROWS[row].first])


def serve(session):
    for _ in sys.stdin:
        say("run", **session.run())


def repeat(row, session, count):
    runs = [session.run() for _ in range(count)]
    seconds = [run["seconds"] for run in runs]
    cpu_seconds = min(run["cpu_seconds"] for run in runs)
    say("summary", row=row, seconds_min=min(seconds), seconds_median=statistics.median(seconds),
        cpu_seconds_min=cpu_seconds, seconds=seconds, final_loss=runs[-1]["final_loss"])  # fmt: skip


def answer(framework, row, options):
    task = Task(row, options)
    session = framework.session(task, options)
    first = session.first_run()
    off = golden_distance(row, first["first_losses"], options)
    say("ready", row=row, updates=task.updates, **first, distance_from_golden=off)
    if options.serve:
        serve(session)
    elif off is not None and not off <= FIRST_TOLERANCE:
        raise Failure(f"{row}: the first losses {first['first_losses']} are off the golden ones by {off:.1e}")
    else:
        repeat(row, session, options.repeats)


def main(framework):
    """framework: a module or object with its documentation, `modes`, `setting(options)`, which sets the threads and
    tells versions, and `session(task, options)`."""
    options = parse(framework.__doc__, framework.modes)
    start_again_with(environment(options.threads))
    pin(options.threads)
    try:
        say("setting", **framework.setting(options), mode=options.mode, threads=options.threads, processor=processor(),
            python=platform.python_version(), load_average=os.getloadavg()[0])  # fmt: skip
        for row in options.rows:
            answer(framework, row, options)
    except Failure as failure:
        sys.exit(f"{sys.modules['__main__'].__spec__.name}: {failure}")
