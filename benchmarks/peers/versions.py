"""Tells of every framework: its version, its BLAS, its oneDNN. oneDNN tells its version itself, when it is first used."""

import importlib
import os
import re
import subprocess
import sys
from types import SimpleNamespace

from .environment import environment

# A product of matrices and a convolution, with which each framework that has oneDNN uses it.
USES = {
    "pytorch": "import torch; torch.conv2d(torch.ones(8, 8, 32, 32), torch.ones(8, 8, 3, 3))",
    "tensorflow": "import tensorflow as tf; tf.nn.conv2d(tf.ones((8, 32, 32, 8)), tf.ones((3, 3, 8, 8)), 1, 'VALID')",
    "jax": "import jax.numpy as jnp; (jnp.ones((512, 512)) @ jnp.ones((512, 512))).block_until_ready()",
}


def onednn(framework):
    """What oneDNN says of itself, or that it says nothing."""
    if framework not in USES:
        return "none"
    done = subprocess.run([sys.executable, "-c", USES[framework]], env={**os.environ, "ONEDNN_VERBOSE": "1"},
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)  # fmt: skip
    said = re.search(r"info,oneDNN (v\S+)", done.stdout)
    isa = re.search(r"info,cpu,isa:(.*)", done.stdout)
    return f"oneDNN {said[1]}, {isa[1] if isa else '?'}" if said else "none that says so"


def main():
    os.environ.update(environment(1))  # which also keeps TensorFlow from talking
    for framework in ("pytorch", "tensorflow", "jax", "mlx"):
        try:
            setting = importlib.import_module(f"peers.{framework}").setting(SimpleNamespace(threads=1))
        except Exception as error:  # whatever a framework fails with is what is told
            print(f"{framework}: cannot be loaded: {type(error).__name__}: {error}")
            continue
        print(f"{setting['framework']} {setting['version']}; BLAS: {setting['blas']}; {onednn(framework)}")


if __name__ == "__main__":
    main()
