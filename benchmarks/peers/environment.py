"""Threads and processors, set in the same way for every program that is compared. Standard library only."""

import os
import platform
import sys
from pathlib import Path


def environment(threads):
    """Read by the frameworks and their libraries when they are loaded, so it must stand before that."""
    count = str(threads)
    return {
        "OMP_NUM_THREADS": count,
        "MKL_NUM_THREADS": count,
        "OPENBLAS_NUM_THREADS": count,
        "XLA_FLAGS": f"--xla_cpu_multi_thread_eigen={'true' if threads > 1 else 'false'}",
        "JAX_PLATFORMS": "cpu",
        "CUDA_VISIBLE_DEVICES": "",
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "TORCHINDUCTOR_COMPILE_THREADS": count,
    }


def start_again_with(variables):
    """This program anew, with these variables set, unless they are set already."""
    if all(os.environ.get(name) == value for name, value in variables.items()):
        return
    module = sys.modules["__main__"].__spec__.name
    os.execve(sys.executable, [sys.executable, "-m", module, *sys.argv[1:]], {**os.environ, **variables})


def pin(threads):
    """To so many processors, the last of those allowed: interrupts are mostly taken by the first."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-threads:])


def processor():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()
