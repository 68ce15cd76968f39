"""The data sets as NumPy arrays, cut into the batches of each row, in their order."""

import gzip

import numpy as np

from .failure import Failure


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
    """600 batches of 100 images and labels, in the order of the files."""
    images = read_idx(find(folders, "mnist/train-images-idx3-ubyte", "train-images-idx3-ubyte"))
    labels = read_idx(find(folders, "mnist/train-labels-idx1-ubyte", "train-labels-idx1-ubyte"))
    x = (images.astype(np.float32) / np.float32(255)).reshape(-1, 100, *image_shape)
    return list(zip(x, labels.astype(np.int64).reshape(-1, 100)))


def housing(folders):
    """One batch: the whole table, standardised."""
    table = np.loadtxt(find(folders, "housing.data", "housing/housing.data"), dtype=np.float64)
    x, y = table[:, :13], table[:, 13:]
    x = (x - x.mean(axis=0)) / x.std(axis=0, ddof=1)
    return [(x.astype(np.float32), y.astype(np.float32))]


def hiawatha(folders, rows=128, length=100):
    """Windows (inputs, targets) of shape [length, rows]; characters numbered in order of first appearance."""
    text = find(folders, "hiawatha-19.txt", "hiawatha.txt").read_bytes().decode("latin-1")
    number = {c: i for i, c in enumerate(dict.fromkeys(text))}
    tokens = np.array([number[c] for c in text], dtype=np.int64)
    columns = len(tokens) // rows
    grid = tokens[: rows * columns].reshape(rows, columns).T
    starts = range(0, columns - length, length)
    windows = [(grid[s : s + length], grid[s + 1 : s + length + 1]) for s in starts]
    return [(np.ascontiguousarray(x), np.ascontiguousarray(y)) for x, y in windows]


def batches_of(row, folders):
    if row == "linreg":
        return housing(folders)
    if row == "charlm":
        return hiawatha(folders)
    return mnist(folders, (1, 28, 28) if row == "lenet" else (784,))
