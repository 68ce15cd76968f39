"""ops/dropout.cpp: the mask by Philox4x32-10 as the paper has it (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as
easy as 1, 2, 3", SC 2011), in NumPy's vectors of 64-bit integers."""

import numpy as np

_LOW = np.uint64(0xFFFFFFFF)


def _philox(counter, key):
    """Words [4, n] of 32 bits, of counters [4, n] and a key of two words."""
    c, k = [np.asarray(w, np.uint64) for w in counter], [np.uint64(w) for w in key]
    for _ in range(10):
        p0, p1 = c[0] * np.uint64(0xD2511F53), c[2] * np.uint64(0xCD9E8D57)
        c = [p1 >> np.uint64(32) ^ c[1] ^ k[0], p1 & _LOW, p0 >> np.uint64(32) ^ c[3] ^ k[1], p0 & _LOW]
        k = [k[0] + np.uint64(0x9E3779B9) & _LOW, k[1] + np.uint64(0xBB67AE85) & _LOW]
    return np.stack(c)


# Known answers, from the paper's Random123 library (kat_vectors).
assert _philox([[0], [0], [0], [0]], (0, 0)).ravel().tolist() == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]
assert _philox([[0xFFFFFFFF]] * 4, (0xFFFFFFFF,) * 2).ravel().tolist() == [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]


def dropout(x, p, seed, offset):
    blocks = np.arange(-(-x.size // 4), dtype=np.uint64)
    rest = [np.full(blocks.shape, w) for w in (offset & 0xFFFFFFFF, offset >> 32)]
    words = _philox([blocks, np.zeros_like(blocks), *rest], (seed & 0xFFFFFFFF, seed >> 32))
    kept = words.T.ravel()[: x.size].reshape(x.shape) >= p * 2.0**32
    return x * np.where(kept, 1 / (1 - p) if p < 1 else 0.0, 0.0)
