"""Writes print_cases.json: arrays, and how NumPy prints them. Run it with NumPy 2.4: python print_cases.py

Every case has a name, a dtype, the values of its base array (floats in hexadecimal, or a range), the view of the base
that is printed, and the text.
"""
import json
import pathlib

import numpy as np

f32, f64, i32, i64, boolean = np.float32, np.float64, np.int32, np.int64, np.bool_
cases = []


def element(x):
    if isinstance(x, np.floating):
        return float(x).hex() if np.isfinite(x) else str(x)
    return int(x)


def add(name, base, view=None, **range_of):
    """`view`: a function that makes a view of the base; range_of: start and step where the values are a range."""
    base = np.ascontiguousarray(base) if base.ndim else base
    shown = view(base) if view else base
    offset = (shown.__array_interface__["data"][0] - base.__array_interface__["data"][0]) // base.itemsize
    values = range_of or [element(x) for x in base.reshape(-1)]
    cases.append({
        "name": name, "dtype": str(base.dtype), "base_shape": list(base.shape), "values": values,
        "shape": list(shown.shape), "strides": [s // base.itemsize for s in shown.strides], "offset": offset,
        "text": str(shown)})


def add_range(name, dtype, shape, start=0, step=1, view=None):
    n = int(np.prod(shape))
    values = (start + step * np.arange(n)).astype(dtype)
    add(name, values.reshape(shape), view, start=start, step=step, count=n)


def scalars():
    for dtype in (f32, f64):
        for text in ("0", "-0.0", "1", "-1", "0.1", "0.33333333333333333", "1e-4", "9.9e-5", "-1.5e-7", "123456.7",
                     "999999", "1e6", "1234567", "123456789", "1e15", "1e16", "1.5e22", "3e38", "1e-38", "nan", "inf",
                     "-inf", "2.718281828459045", "5e-324" if dtype is f64 else "1e-45"):
            add(f"scalar {dtype.__name__} {text}", np.array(text, dtype))
    for value in (0, -7, 2**31 - 1, -2**31):
        add(f"scalar int32 {value}", np.array(value, i32))
    for value in (2**63 - 1, -2**63):
        add(f"scalar int64 {value}", np.array(value, i64))
    add("scalar true", np.array(True))
    add("scalar false", np.array(False))


def notations():
    """Fixed or scientific, digits, padding, values that are not finite."""
    rows = {
        "whole": [1, 2, 3], "fractions": [1.5, 2.25, -3], "thirds": [1 / 3, 2 / 3, 1], "zeros": [0, 0],
        "negative zero": [-0.0, 1], "sign": [-1, 1], "wide range": [1, 1000.5], "range of 1000": [1, 1000],
        "range above 1000": [1, 1001], "small": [9e-5, 1], "at 1e-4": [1e-4, 1e-2], "large": [1e8, 1],
        "below 1e8": [99999999, 99999990], "below 1e6": [999999, 999998], "at 1e6": [1e6, 1e5], "nan": [np.nan, 1.5, -22],
        "infinities": [np.inf, -np.inf, 0.5], "inf": [np.inf, 1], "only nan": [np.nan], "only -inf": [-np.inf, np.nan],
        "nan scientific": [np.nan, 1e-10, -1e10], "exponents of three digits": [1e-30, 1e30],
        "long fractions": [0.123456789012, 12.000000004, 3.999999999], "halves of the last digit": [0.000000005, 1],
        "rounds up to ten": [9.999999996, 1], "scientific rounds up": [9.9999999996e-7, 1], "pi": [np.pi, -np.e],
        "zero and small": [0, 1e-5], "powers": [2.0**k for k in range(-12, 13, 4)], "one": [7], "tenths": [.1, .2, .7],
    }
    for dtype in (f32, f64):
        for name, values in rows.items():
            add(f"{name} {dtype.__name__}", np.array(values, dtype))
    add("three digits f64", np.array([1e-300, 1e300, -1.5], f64))
    add("subnormal f64", np.array([5e-324, 0, 1], f64))
    add("subnormal f32", np.array([1e-45, 0, 1], f32))
    add("largest f32", np.array([3.4028235e38, -3.4028235e38], f32))
    add("ints", np.array([1, -20, 300], i32))
    add("long ints", np.array([2**62, -1, 0], i64))
    add("bools", np.array([[True, False], [True, True]]))
    add("only true", np.array([True, True]))


def random():
    generator = np.random.default_rng(20)
    for dtype in (f32, f64):
        for k in range(12):
            scale = 10.0 ** generator.integers(-6, 9)
            shape = tuple(generator.integers(1, 6, generator.integers(1, 4)))
            add(f"random {dtype.__name__} {k}", (generator.standard_normal(shape) * scale).astype(dtype))
        bits = generator.integers(0, 2**(8 * dtype().itemsize - 1), 40, dtype=np.uint64)
        any_bits = bits.astype(np.uint32 if dtype is f32 else np.uint64).view(dtype)
        for x in any_bits[np.isfinite(any_bits)]:
            add(f"any bits {dtype.__name__} {x}", np.array(x, dtype))


def shapes():
    add_range("matrix", f32, (2, 3))
    add_range("three axes", i32, (2, 3, 4))
    add_range("four axes", i64, (2, 1, 2, 3), -5)
    add_range("eight axes", i32, (1, 2, 1, 2, 1, 1, 2, 1))
    add("column", np.array([[1.5], [-22.25], [3]], f32))
    for shape in ((0,), (0, 3), (3, 0), (2, 0, 2)):
        add(f"empty {shape}", np.zeros(shape, f32))
    add_range("wraps", i32, (60,))
    add_range("wraps at the edge", i64, (25,), 10)
    add_range("wraps floats", f64, (40,), -3, 0.25)
    add_range("wraps bracket", i32, (2, 2, 37), 10)
    add_range("wraps wide", i64, (3, 9), -2**50, 2**40)
    add("wraps bools", np.arange(30) % 3 == 0)
    add_range("exactly 1000", i32, (1000,))


def summaries():
    add_range("1001", i32, (1001,))
    add_range("long floats", f32, (5000,), -10, 0.5)
    add_range("tall", i32, (500, 3))
    add_range("wide", f64, (2, 600), 0, 0.125)
    add_range("both", i32, (40, 40))
    add_range("three long axes", i32, (11, 12, 13))
    add_range("inner axis short", f32, (20, 20, 5), 0, 0.25)
    add_range("wraps summarised", i64, (2, 1200), -2**60, 2**50)
    add_range("scientific at the ends", f64, (1500,), 0, 1e5)
    add_range("notation of what is shown", f32, (3000,), 1, 100)
    add_range("many short axes", i32, (6, 6, 6, 6))


def views():
    add_range("transposed", f32, (3, 4), view=lambda x: x.T)
    add_range("reversed", i32, (7,), view=lambda x: x[::-1])
    add_range("every second", f64, (4, 6), view=lambda x: x[1::2, ::3])
    add_range("broadcast", i64, (3,), view=lambda x: np.broadcast_to(x, (2, 3)))
    add_range("one element", f32, (3, 3), view=lambda x: x[1, 1:2])
    add_range("scalar view", f32, (3, 3), 0.5, view=lambda x: x[1, 2, ...])
    add_range("transposed and summarised", i32, (50, 30), view=lambda x: x.T)
    add("bool view", np.arange(12).reshape(3, 4) % 2 == 0, view=lambda x: x[:, ::-2])


for part in (scalars, notations, random, shapes, summaries, views):
    part()
target = pathlib.Path(__file__).with_name("print_cases.json")
lines = ",\n".join(json.dumps(c) for c in cases)
target.write_text(f'{{"numpy": "{np.__version__}", "cases": [\n{lines}\n]}}\n')
print(f"{len(cases)} cases")
