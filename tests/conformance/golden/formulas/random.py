"""ops/random.cpp, ops/permutation.cpp, ops/multinomial.cpp: by Philox4x32-10 as the paper has it (Salmon, Moraes, Dror, Shaw:
"Parallel random numbers: as easy as 1, 2, 3", SC 2011), in Python's integers and NumPy's float64."""

import math
from fractions import Fraction

import numpy as np

_DTYPES = {1: np.int32, 2: np.int64, 5: np.float32, 6: np.float64}


def _philox(counter, key):
    """Four words of 32 bits, of four and two."""
    l0, r0, l1, r1 = counter
    k0, k1 = key
    for _ in range(10):
        high0, low0 = divmod(l0 * 0xD2511F53, 1 << 32)
        high1, low1 = divmod(l1 * 0xCD9E8D57, 1 << 32)
        l0, r0, l1, r1 = high1 ^ r0 ^ k0, low1, high0 ^ r1 ^ k1, low0
        k0, k1 = (k0 + 0x9E3779B9) % (1 << 32), (k1 + 0xBB67AE85) % (1 << 32)
    return l0, r0, l1, r1


# Known answers, from the paper's Random123 library (kat_vectors).
assert _philox((0,) * 4, (0,) * 2) == (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)
assert _philox((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2) == (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)
assert _philox((0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344), (0xA4093822, 0x299F31D0)) == (
    0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1)


def _bits(n, width, seed, offset):
    """n integers of `width` random bits each: 32, 64 or 128."""
    per_block = 128 // width
    halves = lambda x: (x % (1 << 32), x >> 32 & 0xFFFFFFFF)
    numbers = []
    for block in range(-(-n // per_block)):
        words = _philox(halves(block) + halves(offset), halves(seed))
        for k in range(per_block):
            number = 0
            for word in words[k * width // 32 : (k + 1) * width // 32]:
                number = number << 32 | word
            numbers.append(number)
    return numbers[:n]


def _array(values, shape, dtype):
    return np.array(values, dtype=dtype).reshape(shape)


def uniform(shape, dtype, seed, offset, low, high):
    n, t = math.prod(shape), _DTYPES[dtype]
    width, digits = (32, 24) if t is np.float32 else (64, 53)
    u = [t(b >> (width - digits)) / t(2**digits) for b in _bits(n, width, seed, offset)]
    return _array([t(low) + t(high - low) * x for x in u], shape, t)


def normal(shape, dtype, seed, offset, mean, std):
    n, t = math.prod(shape), _DTYPES[dtype]
    width, digits = (32, 32) if t is np.float32 else (64, 53)
    bits = [b >> (width - digits) for b in _bits(n + n % 2, width, seed, offset)]
    z = []
    for b1, b2 in zip(bits[::2], bits[1::2]):
        r, angle = math.sqrt(-2 * math.log((b1 + 1) / 2**digits)), 2 * math.pi * (b2 / 2**digits)
        z += [r * math.cos(angle), r * math.sin(angle)]
    return _array([mean + std * x for x in z[:n]], shape, t)


def bernoulli(shape, seed, offset, p):
    return _array([Fraction(b, 2**32) < Fraction(p) for b in _bits(math.prod(shape), 32, seed, offset)], shape, bool)


def randint(shape, dtype, seed, offset, low, high):
    width = 64 if high - low <= 2**32 else 128
    bits = _bits(math.prod(shape), width, seed, offset)
    return _array([low + (b * (high - low) >> width) for b in bits], shape, _DTYPES[dtype])


def permutation(n, seed, offset):
    keys = _bits(n, 64, seed, offset)
    return _array(sorted(range(n), key=lambda i: (keys[i], i)), (n,), np.int64)


def multinomial(weights, count, replacement, seed, offset):
    n = weights.shape[-1]
    rows = weights.astype(np.float64).reshape(-1, n)
    if count == 0 or not len(rows):
        chosen = []
    elif replacement:
        u = np.array([b >> 11 for b in _bits(len(rows) * count, 64, seed, offset)]).reshape(len(rows), count) / 2**53
        sums = np.cumsum(rows, axis=1)  # of no more than 256 weights
        chosen = [np.searchsorted(s, x * s[-1], side="right") for s, x in zip(sums, u)]
    else:
        u = np.array([(b >> 11) + 1 for b in _bits(rows.size, 64, seed, offset)]).reshape(rows.shape) / 2**53
        chosen = [np.argsort(keys, kind="stable")[:count] for keys in -np.log(u) / rows]
    return _array(chosen, (*weights.shape[:-1], count), np.int64)
