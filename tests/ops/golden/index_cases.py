"""Writes index_cases.json: subscripts drawn at random, and what NumPy makes of x[subscript] and of x[subscript] = value.
Run it with NumPy 2.4: python index_cases.py

The elements of x are 0, 1, 2, ..., so that what is read says where it was. A case is {"shape": x's, "index": [...],
"out": ...}; one of assignment has "value", too, and "out" is x afterwards. Where NumPy raises, there is no "out".
"""
import json
import pathlib

import numpy as np

random = np.random.default_rng(16)
LARGEST = 120  # elements of what is read


def chance(p):
    return random.random() < p


def integer(low, high):
    return int(random.integers(low, high))


# ---- drawing: an index is (what NumPy takes, what JSON says) ----

def draw_integer(n):
    i = integer(-n, n)
    return i, i


def draw_range(n):
    def bound():
        return None if chance(0.35) else integer(-n - 2, n + 3)
    while True:
        start, stop = bound(), bound()
        step = 1 if chance(0.5) else int(random.choice([-4, -3, -2, -1, 2, 3, 4]))
        if len(range(n)[start:stop:step]) > 0 or chance(0.1):
            break
    return slice(start, stop, step), {"start": start, "stop": stop, "step": step}


def array(a):
    return a, {"dtype": str(a.dtype), "shape": list(a.shape), "elements": [int(v) for v in a.ravel()]}


def draw_indices(n, common):
    """Integers that broadcast to the shape `common`."""
    shape = [1 if chance(0.25) else d for d in common[integer(0, len(common) + 1) if chance(0.3) else 0:]]
    dtype = random.choice([np.int32, np.int64])
    return array(random.integers(-n, n, shape).astype(dtype) if n else np.zeros([0] * max(1, len(shape)), dtype))


def draw_mask(shape, trues):
    """With `trues` ones, if there is a number."""
    size = int(np.prod(shape))
    mask = random.random(size) < random.random()
    if trues is not None:
        mask = random.permutation(np.arange(size) < trues)
    return array(mask.reshape(shape))


def draw_subscript(shape):
    """Indices for some axes at the front and, behind an ellipsis, some at the end."""
    arrays, masks = chance(0.65), chance(0.3)
    common = [integer(0, 4) if chance(0.08) else integer(1, 4) for _ in range(integer(0, 3))]
    if masks:
        common = [integer(0, 3)]  # their ones must broadcast with the rest
    front = len(shape) if chance(0.5) else integer(0, len(shape) + 1)
    back = integer(0, len(shape) - front + 1)
    items = draw_items(shape[:front], arrays, masks, common)
    if back > 0 or chance(0.2):
        items += [(..., "ellipsis")] + draw_items(shape[len(shape) - back:], arrays, masks, common)
    return items


def draw_items(shape, arrays, masks, common):
    """Indices for all of these axes, and new axes among them."""
    items = []
    while shape:
        if chance(0.1):
            items.append((None, "new_axis"))
        item, axes = draw_item(shape, arrays, masks, common)
        items.append(item)
        shape = shape[axes:]
    return items + [(None, "new_axis")] * chance(0.1)


def draw_item(shape, arrays, masks, common):
    """An index for the first of these axes, and how many it takes."""
    if arrays and masks and chance(0.4):
        rank = min(integer(0, 4), len(shape))
        size = int(np.prod(shape[:rank]))
        alone = chance(0.3)
        return draw_mask(shape[:rank], None if alone else min(common[0], size)), rank
    if arrays and chance(0.5):
        return draw_indices(shape[0], common), 1
    if shape[0] > 0 and chance(0.4):
        return draw_integer(shape[0]), 1
    return draw_range(shape[0]), 1


def spoil(items, shape):
    """The same with something wrong, most of the time."""
    items, k = list(items), integer(0, len(items) + 1)
    kind = integer(0, 6)
    if kind == 0:
        items += [(0, 0)] * (len(shape) + 1)
    elif kind == 1:
        items += [(..., "ellipsis"), (..., "ellipsis")]
    elif kind == 2:
        items.insert(k, (9, 9))
    elif kind == 3:
        items.insert(k, array(np.array([0, -9])))
    elif kind == 4:
        items.insert(k, array(np.ones(integer(5, 7), bool)))
    else:
        items += [array(np.zeros(4, np.int64)), array(np.zeros(3, np.int64))]
    return items


# ---- solving ----

def read(x, index):
    try:
        return x[index]
    except (IndexError, ValueError):
        return None


def written(x, index, value):
    """x after x[index] = value. The last entry of a place wins, in row-major order of the index: NumPy leaves that open,
    so it is spelled out where places repeat."""
    y = x.copy()
    try:
        places = x.astype(int)[index]
        if places.ndim == 0 and not any(i is ... for i in index):
            index += (...,)  # an array of no axes rather than a number, to which an array of one element can't be written
        while len(index) == 1 and value.ndim > places.ndim == 1 and value.shape[0] == 1:
            value = value[0]  # which NumPy does for itself, but not where the one index is a mask
        y[index] = value
    except (IndexError, ValueError):
        return None
    if places.size == len(np.unique(places)):
        return y
    y, value = x.copy(), value.reshape(value.shape[max(0, value.ndim - places.ndim):])
    for place, v in zip(places.ravel(), np.broadcast_to(value, places.shape).ravel()):
        y.flat[place] = v
    return y


def elements(a):
    return {"shape": list(a.shape), "elements": [int(v) for v in a.ravel()]}


def draw_value(shape):
    """To be written to `shape`: fewer axes, axes of length 1, leading axes; sometimes it does not fit."""
    shape = [1 if chance(0.2) else n for n in shape[integer(0, len(shape) + 1) if chance(0.3) else 0:]]
    if chance(0.1):
        shape = [1] * integer(1, 3) + shape
    if chance(0.08):
        shape = shape + [5]
    return -1.0 - np.arange(int(np.prod(shape))).reshape(shape)


def cases(count, assign):
    found = []
    while len(found) < count:
        shape = [0 if chance(0.03) else integer(1, 5) for _ in range(integer(0, 5))]
        x = np.arange(float(np.prod(shape))).reshape(shape)
        items = draw_subscript(shape)
        if chance(0.06):
            items = spoil(items, shape)
        index = tuple(i for i, _ in items)
        out = read(x, index)
        if out is not None and (out.size > LARGEST or out.ndim > 8 or len(shape) + sum(i is None for i in index) > 8):
            continue
        case = {"shape": shape, "index": [j for _, j in items]}
        if assign:
            value = draw_value(out.shape if out is not None else ())
            case["value"] = elements(value)
            out = written(x, index, value)
        if out is not None:
            case["out"] = elements(out)
        found.append(case)
    return found


def main():
    data = {"read": cases(700, False), "assign": cases(500, True)}
    lines = [f'"{name}": [\n' + ",\n".join(json.dumps(c, separators=(",", ":")) for c in part) + "\n]"
             for name, part in data.items()]
    target = pathlib.Path(__file__).with_name("index_cases.json")
    target.write_text(f'{{"numpy": "{np.__version__}",\n' + ",\n".join(lines) + "}\n")
    for name, part in data.items():
        print(f"{name}: {len(part)} cases, {sum('out' not in c for c in part)} of them errors")


if __name__ == "__main__":
    main()
