#!/usr/bin/env python3
"""How many planted mistakes does the test suite find?

    scripts/mutation_check.py --seed 1 [--count 30] [--backends reference,cpu,cuda] [--markdown FILE]

Draws mutants from the seed: a sign, an index, a bound or a missing term, in gradient kernels, in compositions and in
shape rules. Each is planted in a copy of the sources, built, and put before the conformance cases of the ops of its
file, on the backends concerned; one that survives meets the other tests of ops and of the core too. A mutant that does not compile
says nothing about the tests and is drawn anew. Prints every mutant and what killed it, and exits with 1 if any survived. The
sources are left alone; the copy and its build live in build/mutants.
"""

import argparse
import dataclasses
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
COPY = ROOT / "build" / "mutants"
SEEN = ("core", "ops", "backends", "nn", "cli", "examples", "benchmarks", "tests", "cmake", "scripts", "plugins", "docs")
BUILD = COPY / "build" / "release"
TEST_SECONDS = 600


@dataclasses.dataclass(frozen=True)
class Site:
    file: str  # relative to the root
    start: int  # of the characters replaced
    end: int
    after: str
    kind: str  # sign, index, bound, missing term
    where: str  # gradient kernel, composition, shape rule


# ---- where mutants may be ----

# What opens a region, by the folder of the file: text that ends just before the body's brace.
OPENINGS = {
    "ops": [
        (r"\((?:const )?(?:Gradient|Composition)& \w+\)(?: -> \w+)? \{", "composition"),
        (r"\(Inference& \w+\) \{", "shape rule"),
    ],
    "backends": [
        (r"\b\w*(?:[gG]radient|[bB]ackward)\w*\([^;{}]*\)(?: const)? \{", "gradient kernel"),
        (r"\bstruct \w*(?:Gradient|Backward)\w* \{", "gradient kernel"),
    ],
}


def blank_out(text):
    """The text with comments, literals and preprocessor lines replaced by spaces, so that places stay."""
    pattern = r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\])*"|^[ \t]*#[^\n]*'
    return re.sub(pattern, lambda m: re.sub(r"[^\n]", " ", m.group()), text, flags=re.S | re.M)


def body_end(text, opening):
    """The place behind the brace that closes the one at `opening`."""
    depth = 0
    for at in range(opening, len(text)):
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        if depth == 0:
            return at + 1
    return len(text)


def regions(path, text):
    folder = path.relative_to(ROOT).parts[0]
    for pattern, where in OPENINGS[folder]:
        for m in re.finditer(pattern, text):
            yield m.end() - 1, body_end(text, m.end() - 1), where


# ---- what a mutant is ----

SWAPS = {
    "sign": [
        (r" (\+) (?!=)", "-"), (r" (-) (?!=)", "+"), (r" (\+=) ", "-="), (r" (-=) ", "+="),
        (r"(?:return|[(,=?:]) ?(-)(?=[\w(])", ""), (r"hn::(Add)\(", "Sub"), (r"hn::(Sub)\(", "Add"),
        (r"(hn::Neg)\(", ""), (r"hn::(MulAdd)\(", "MulSub"), (r"hn::(NegMulAdd)\(", "MulAdd"),
    ],
    "index": [
        (r"\b(?:in|dout|din|shape|integer|integers|real|count|axes|wants|dims|axis)\((0)[),]", "1"),
        (r"\b(?:in|dout|din|shape|integer|integers|real|count|axes|wants|dims|axis)\((1)[),]", "0"),
        (r"\[(\w+)\]", r"\1 + 1"), (r"\[\w+( [+-] 1)\]", ""),
    ],
    "bound": [
        (r" (<) ", "<="), (r" (<=) ", "<"), (r" (>) ", ">="), (r" (>=) ", ">"), (r" (==) ", "!="), (r" (!=) ", "=="),
        (r" (&&) ", "||"), (r"hn::(Gt)\(", "Ge"), (r"hn::(Ge)\(", "Gt"), (r"hn::(Lt)\(", "Le"), (r"hn::(Le)\(", "Lt"),
    ],
    "missing term": [
        (r"( [*+/-] (?:\d[\w.]*|[a-zA-Z_][\w.:]*(?:\([^()]*\)|\[[^\[\]]*\])?))(?=[;,) ])", ""),
        (r"(?<=[(= ])([a-zA-Z_][\w.:]*(?:\([^()]*\))? [*] )(?=[\w(])", ""),
    ],
}


def sites_of(path):
    text = path.read_text()
    code = blank_out(text)
    found = {}
    for begin, end, where in regions(path, code):
        for kind, swaps in SWAPS.items():
            for pattern, after in swaps:
                for m in re.finditer(pattern, code[begin:end]):
                    start, stop = begin + m.start(1), begin + m.end(1)
                    replacement = m.expand(after) if "\\" in after else after
                    site = Site(str(path.relative_to(ROOT)), start, stop, replacement, kind, where)
                    found[(start, stop, replacement)] = site
    return list(found.values())


def all_sites(backends):
    files = sorted((ROOT / "ops").glob("*.cpp"))
    for b in backends:
        files += sorted((ROOT / "backends" / b / "kernels").glob("*.c*"))
    return [s for f in files for s in sites_of(f)]


def draw(sites, rng):
    """One of a place and kind drawn first, so that the common kinds do not crowd out the rest."""
    where = rng.choice(sorted({s.where for s in sites}))
    kind = rng.choice(sorted({s.kind for s in sites if s.where == where}))
    file = rng.choice(sorted({s.file for s in sites if s.where == where and s.kind == kind}))
    return rng.choice([s for s in sites if (s.where, s.kind, s.file) == (where, kind, file)])


# ---- building and testing one ----


def run(command, seconds, **more):
    try:
        return subprocess.run(command, cwd=COPY, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds, text=True,
                              errors="replace", **more)
    except subprocess.TimeoutExpired as e:
        return subprocess.CompletedProcess(command, -1, (e.stdout or b"").decode(errors="replace") + "\ntook too long")


def prepare():
    """The copy of the sources, and its build."""
    COPY.mkdir(parents=True, exist_ok=True)
    wanted = [ROOT / f for f in ("CMakeLists.txt", "CMakePresets.json", "README.md", "LICENSE")]
    wanted += [f for name in SEEN for f in (ROOT / name).rglob("*") if f.is_file()]
    copies = {COPY / f.relative_to(ROOT): f for f in wanted}
    for name in SEEN:
        for old in (COPY / name).rglob("*"):
            if old.is_file() and old not in copies:
                old.unlink()
    for copy, f in copies.items():
        if not copy.exists() or copy.read_bytes() != f.read_bytes():  # what is unchanged is not built anew
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(f, copy)
    settings = ["-DPLUGRAD_FEW_CPU_TARGETS=ON", "-DPLUGRAD_CUDA_ARCHITECTURES=75", "-DPLUGRAD_BUILD_BENCHMARKS=OFF"]
    for command in (["cmake", "--preset", "release", "--log-level=WARNING", *settings], build_command()):
        done = run(command, 7200)
        if done.returncode:
            sys.exit(f"the unchanged sources do not build:\n{done.stdout[-3000:]}")


def build_command():
    targets = ["plugrad", "plugrad_reference", "plugrad_cpu", "conformance_tests", "ops_tests", "core_tests"]
    if (BUILD / "backends" / "cuda").exists():
        targets += ["plugrad_cuda", "cuda_emulation_cudart", "cuda_emulation_cublas", "cuda_emulation_cudnn"]
    return ["cmake", "--build", str(BUILD), "--target", *targets, "--", "--quiet"]


def ops_of(file):
    """The ops that a file is about: names in it that the table knows."""
    listed = run([BUILD / "tests/conformance/conformance_tests", "--gtest_list_tests"], 60).stdout
    known = set(re.findall(r"^  (\w+)/reference$", listed, flags=re.M))
    text = (ROOT / file).read_text()
    named = re.findall(r'PLUGRAD_(?:CPU_)?(?:KERNELS|FORWARD)\((\w+)', text) if file.startswith("backends") else re.findall(r'"(\w+)"', text)
    return sorted(known.intersection(named))


def emulation():
    libraries = sorted(str(p) for p in (BUILD / "tests/cuda_emulation").rglob("lib*cu*.so*") if not p.is_symlink())
    return {"LD_PRELOAD": ":".join(p for p in libraries if "kernels" not in p), "PLUGRAD_TEST_LARGEST": "4000"}


def test_runs(file, ops):
    """The programs to run, the likeliest killer first: (name, command, environment)."""
    backend = file.split("/")[1] if file.startswith("backends") else None
    conformance = BUILD / "tests/conformance/conformance_tests"
    for b in [backend] if backend else ["reference", "cpu"]:
        pattern = ":".join(f"*.{op}/{b}" for op in ops)
        yield f"conformance on {b}", [conformance, f"--gtest_filter={pattern}"], emulation() if b == "cuda" else {}
    if backend != "cuda":
        for name in ("ops", "core"):
            yield f"tests of {name}", [BUILD / f"tests/{name}_tests"], {}


def killer_of(file, ops):
    """What finds the mutant; None: nothing."""
    for name, command, environment in test_runs(file, ops):
        done = run([str(c) for c in command], TEST_SECONDS, env={**os.environ, **environment})
        if done.returncode:
            failed = re.findall(r"\[  FAILED  \] (\S+?)[ ,]", done.stdout)
            return f"{name}: {failed[0] if failed else 'crash or timeout'}"
    return None


@dataclasses.dataclass
class Verdict:
    site: Site
    line: int
    before: str
    after: str
    killed_by: str | None


def try_mutant(site):
    """Its verdict; None where it does not compile."""
    path = COPY / site.file
    original = path.read_text()
    mutant = original[: site.start] + site.after + original[site.end :]
    line = original.count("\n", 0, site.start)
    try:
        path.write_text(mutant)
        if run(build_command(), 1800).returncode:
            return None
        killed_by = killer_of(site.file, ops_of(site.file))
    finally:
        path.write_text(original)
    return Verdict(site, line + 1, original.split("\n")[line].strip(), mutant.split("\n")[line].strip(), killed_by)


def text_of(v):
    fate = f"killed by {v.killed_by}" if v.killed_by else "SURVIVED"
    return f"{v.site.file}:{v.line} {v.site.where}, {v.site.kind}: {fate}\n    - {v.before}\n    + {v.after}"


def markdown_of(verdicts, seed):
    rows = [f"Seed {seed}: {sum(v.killed_by is not None for v in verdicts)} of {len(verdicts)} killed.", "",
            "| place | in | what | before | after | killed by |", "|---|---|---|---|---|---|"]
    for v in verdicts:
        cells = [f"`{v.site.file}:{v.line}`", v.site.where, v.site.kind, f"`{v.before}`", f"`{v.after}`", v.killed_by or "**nothing**"]
        rows.append("| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |")
    return "\n".join(rows) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--count", type=int, default=30)
    parser.add_argument("--backends", default="reference,cpu,cuda")
    parser.add_argument("--markdown", type=pathlib.Path)
    o = parser.parse_args()
    sites, rng, verdicts, drawn = all_sites(o.backends.split(",")), random.Random(o.seed), [], set()
    print(f"{len(sites)} places for mutants", flush=True)
    prepare()
    while len(verdicts) < o.count:
        site = draw(sites, rng)
        if site in drawn:
            continue
        drawn.add(site)
        started = time.monotonic()
        if verdict := try_mutant(site):
            verdicts.append(verdict)
            print(f"{len(verdicts)}. {text_of(verdict)}  ({time.monotonic() - started:.0f} s)", flush=True)
    survivors = [v for v in verdicts if not v.killed_by]
    print(f"seed {o.seed}: {len(verdicts) - len(survivors)} of {len(verdicts)} killed")
    if o.markdown:
        o.markdown.write_text(markdown_of(verdicts, o.seed))
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
