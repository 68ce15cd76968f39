"""Initial weights: read from files, or drawn and written so that all frameworks can start from the same.
As a program, `python3 -m peers.weights FOLDER`, it draws those of all rows."""

import json
import sys
from pathlib import Path

import numpy as np

from .failure import Failure
from .rows import ROWS


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


def read(row, folder):
    """The arrays of <row>.safetensors, or else of <row>.<parameter>.npy; in the former, parameters go by their names or
    by their positions."""
    file = folder / f"{row}.safetensors"
    if file.is_file():
        found = read_safetensors(file)
    else:
        paths = {name: folder / f"{row}.{name}.npy" for name in ROWS[row].parameters}
        found = {name: np.load(path) for name, path in paths.items() if path.is_file()}
    weights = []
    for position, (name, shape) in enumerate(ROWS[row].parameters.items()):
        name = name if name in found else str(position)
        if name not in found or found[name].shape != shape:
            has = f"{found[name].shape}" if name in found else f"not in {folder}"
            raise Failure(f"{row}: parameter {name} should have shape {shape}, but is {has}")
        weights.append(np.ascontiguousarray(found[name], dtype=np.float32))
    return weights


def draw(row, random):
    """As the rows of the table say: normal with a standard deviation of 0.1, of 0.3 in charlm, uniform in lenet."""
    weights = {}
    for name, shape in ROWS[row].parameters.items():
        if len(shape) == 1:
            weights[name] = np.zeros(shape)
        elif row == "lenet":
            fan_out, fan_in = shape[0], np.prod(shape[1:])
            bound = np.sqrt(2 / (fan_in + fan_out))
            weights[name] = random.uniform(-bound, bound, shape)
        else:
            weights[name] = random.normal(0, 0.3 if row == "charlm" else 0.1, shape)
    if row == "charlm":
        weights["lstm.b"][:256] = 1  # of the forget gate
    return {name: value.astype(np.float32) for name, value in weights.items()}


def main():
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit("usage: python3 -m peers.weights FOLDER: draws the initial weights of all rows, as .npy")
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(1)
    for row in ROWS:
        for name, value in draw(row, random).items():
            np.save(folder / f"{row}.{name}.npy", value)


if __name__ == "__main__":
    main()
