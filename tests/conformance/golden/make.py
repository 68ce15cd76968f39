#!/usr/bin/env python3
"""Makes the golden values: what NumPy, SciPy and PyTorch compute for the suite's cases.

    build/release/tests/conformance/conformance_tests --golden-cases [<op>...] | tests/conformance/golden/make.py

writes <op>.json beside this script for every op in its input: one case a line, inputs and outputs. The formulas
are in formulas/, a file for each in ops/; a function there is called like its op, takes the op's inputs as NumPy arrays and
its attributes by name, and returns an array, or a tuple of them. It must not be a transcript of our own kernels: where a
library has the function, it is called.

Needs NumPy, SciPy and PyTorch from PyPI (made with those that requirements.txt names); the tests need none of them.
"""

import importlib
import json
import pathlib
import sys

import numpy as np

HERE = pathlib.Path(__file__).parent


def formulas():
    """The function of each op, by name."""
    sys.path.insert(0, str(HERE))
    found = {}
    for path in sorted((HERE / "formulas").glob("*.py")):
        module = importlib.import_module(f"formulas.{path.stem}")
        for name, function in vars(module).items():
            if callable(function) and getattr(function, "__module__", None) == module.__name__ and not name.startswith("_"):
                found[name.rstrip("_")] = function
    return found


def number(x):
    """Of JSON, which has no words for infinities and NaN."""
    if isinstance(x, float) and (x != x or x in (float("inf"), float("-inf"))):
        return "nan" if x != x else "inf" if x > 0 else "-inf"
    return int(x) if isinstance(x, bool) else x


def to_array(a):
    elements = [float(x) if isinstance(x, str) else x for x in a["elements"]]
    return np.array(elements, dtype=a["dtype"]).reshape(a["shape"])


def to_json(y):
    y = np.asarray(y)
    return {"dtype": y.dtype.name, "shape": list(y.shape), "elements": [number(x) for x in y.ravel().tolist()]}


def solve(case, formula):
    attributes = {k: float(v) if isinstance(v, str) else v for k, v in case["attributes"].items()}
    with np.errstate(all="ignore"):
        out = formula(*map(to_array, case["in"]), **attributes)
    return [to_json(y) for y in (out if isinstance(out, tuple) else (out,))]


def main():
    known, lines = formulas(), {}
    for text in sys.stdin:
        case = json.loads(text)
        op = case.pop("op")
        if op not in known:
            sys.exit(f"no formula for {op}: write it in formulas/")
        case["out"] = solve(case, known[op])
        del case["n_out"]
        lines.setdefault(op, []).append(json.dumps(case, separators=(",", ":")))
    for op, cases in lines.items():
        (HERE / f"{op}.json").write_text("\n".join(cases) + "\n")
    print(f"{len(lines)} ops, {sum(map(len, lines.values()))} cases")


if __name__ == "__main__":
    main()
