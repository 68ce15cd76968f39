"""The five models in LibTorch, in C++: libtorch/libtorch_peer.cpp, built against the Python package torch."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch

from . import pytorch
from .failure import Failure
from .peer import main

modes = ["eager"]
SOURCE = Path(__file__).parent / "libtorch"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "plugrad"


def built():
    """The program, made anew where its source has changed; one per version of the library."""
    folder = CACHE / f"libtorch-{torch.__version__}"
    folder.mkdir(parents=True, exist_ok=True)
    prefix = Path(torch.__file__).parent
    commands = [
        ["cmake", "-S", SOURCE, "-B", folder, f"-DCMAKE_PREFIX_PATH={prefix}"],
        ["cmake", "--build", folder],
    ]
    for command in commands:
        try:
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        except OSError as error:
            raise Failure(f"cannot build libtorch_peer: {error}") from None
        if done.returncode:
            print(done.stdout, file=sys.stderr)
            raise Failure(f"cannot build libtorch_peer: see above what {' '.join(map(str, command[:2]))} says")
    return folder / "libtorch_peer"


class Program:
    """The session of a row, held by the program."""

    def __init__(self, task, options):
        program = built()
        self.folder = tempfile.TemporaryDirectory(prefix="libtorch_peer.")
        for name, arrays in zip("xy", zip(*task.batches)):
            np.save(f"{self.folder.name}/{name}.npy", np.stack(arrays))
        for position, array in enumerate(task.initial):
            np.save(f"{self.folder.name}/{position}.npy", array)
        arguments = [task.name, self.folder.name, options.threads, task.updates, task.rate, task.clip]
        self.process = subprocess.Popen(
            [program, *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def first_run(self):
        line = self.process.stdout.readline()
        if not line:
            raise Failure(f"libtorch_peer ended with status {self.process.wait()}")
        return json.loads(line)

    def run(self):
        print("run", file=self.process.stdin, flush=True)
        return self.first_run()


def session(task, options):
    return Program(task, options)


def setting(options):
    return {**pytorch.setting(options), "framework": "LibTorch"}


if __name__ == "__main__":
    main(sys.modules[__name__])
