"""Our program and its peers in one run: they take turns, and a ratio is printed only where their losses agree.

All are started for a row, warm up one after the other, and then make one timed run each, in the same order, round after
round. What cannot be installed or run, or learns something else, stands in the table with the reason. Standard library
only; what it writes are comparison.json, comparison.md and comparison.svg.
"""

import argparse
import json
import math
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from . import chart
from .environment import environment, pin, processor
from .rows import FIRST_TOLERANCE, ROWS, distance

OURS = "Plugrad"

# What it is called in the table: module, mode, the requirement without which it cannot run.
PEERS = {
    "pytorch": ("PyTorch eager", "pytorch", "eager", "torch"),
    "pytorch-compile": ("PyTorch compiled", "pytorch", "compile", "torch"),
    "libtorch": ("LibTorch C++", "libtorch", "eager", "torch"),
    "tensorflow": ("TensorFlow", "tensorflow", "graph", "tensorflow-cpu"),
    "tensorflow-xla": ("TensorFlow XLA", "tensorflow", "xla", "tensorflow-cpu"),
    "jax": ("JAX jit", "jax", "jit", "jax"),
    "jax-scan": ("JAX scan", "jax", "scan", "jax"),
    "mlx": ("MLX", "mlx", "eager", "mlx"),
    "mlx-compile": ("MLX compiled", "mlx", "compile", "mlx"),
}


class Broken(Exception):
    """A participant that does not go on, and why."""


@dataclass
class Participant:
    """One that takes part in a row: how it is started, what became of it."""

    title: str
    command: list
    not_installed: str = ""  # why; empty: it is, as far as is known
    setting: dict = field(default_factory=dict)
    ready: dict = field(default_factory=dict)
    runs: list = field(default_factory=list)
    failure: str = ""  # why it has no figures
    withheld: str = ""  # why its figures are not compared

    @property
    def seconds(self):
        return [run["seconds"] for run in self.runs]

    @property
    def final_losses(self):
        return [run["final_loss"] for run in self.runs]


class Conversation:
    """A participant's process: lines go there, lines of JSON come back."""

    def __init__(self, command, patience, variables):
        self.patience = patience
        self.complaints = tempfile.TemporaryFile("w+")
        try:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.complaints,
                                            text=True, env={**os.environ, **variables}, start_new_session=True)  # fmt: skip
        except OSError as error:
            self.complaints.close()
            raise Broken(f"cannot be started: {error}") from None

    def expect(self, event):
        """The next answer of that kind; other lines, such as a framework's own remarks, count for nothing."""
        too_late = threading.Event()
        timer = threading.Timer(self.patience, lambda: (too_late.set(), self.kill()))
        timer.start()
        try:
            for line in self.process.stdout:
                try:
                    answer = json.loads(line)
                except ValueError:
                    continue
                if isinstance(answer, dict) and answer.pop("event", None) == event:
                    return answer
        finally:
            timer.cancel()
        raise Broken(f"no answer within {self.patience} s" if too_late.is_set() else self.last_words())

    def ask_for_run(self):
        try:
            print("run", file=self.process.stdin, flush=True)
        except OSError:
            pass  # what it died of is found when its answer is missing
        return self.expect("run")

    def last_words(self):
        status = self.process.wait()
        self.complaints.seek(0)
        lines = [line.strip() for line in self.complaints if line.strip()]
        how = signal.Signals(-status).name if status < 0 else f"status {status}"
        return f"ended with {how}" + (f": {lines[-1]}" if lines else "")

    def kill(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def close(self):
        try:
            self.process.stdin.close()
            self.process.wait(timeout=10)
        except (OSError, subprocess.TimeoutExpired):
            self.kill()
        self.process.wait()
        self.process.stdout.close()
        self.complaints.close()


# --- measuring -------------------------------------------------------------------------------------------------------


def begin(participant, patience, variables):
    """Its conversation, after its warm-up; None where it came to nothing."""
    if participant.not_installed:
        participant.failure = f"not installed: {participant.not_installed}"
        return None
    conversation = None
    try:
        conversation = Conversation(participant.command, patience, variables)
        participant.setting = conversation.expect("setting")
        participant.ready = conversation.expect("ready")
        return conversation
    except Broken as broken:
        participant.failure = str(broken)
        if conversation:
            conversation.close()
        return None


def take_turns(participants, rounds, patience=3600, variables=None, tell=lambda text: None):
    """Fills in what the participants of a row make of it: one run each, in their order, `rounds` times."""
    conversations = []
    for participant in participants:
        tell(f"{participant.title}: warming up")
        conversations.append(begin(participant, patience, variables or {}))
    for number in range(rounds):
        for i, participant in enumerate(participants):
            if not conversations[i]:
                continue
            try:
                participant.runs.append(conversations[i].ask_for_run())
                tell(f"{participant.title}: {participant.runs[-1]['seconds']:.4f} s, round {number + 1} of {rounds}")
            except Broken as broken:
                participant.failure = str(broken)
                participant.runs.clear()
                conversations[i].close()
                conversations[i] = None
    for conversation in filter(None, conversations):
        conversation.close()


# --- do they agree? --------------------------------------------------------------------------------------------------


def disagreement(participant, row, expected_first, expected_final):
    """Why a participant's figures must not be compared; empty where its losses are those expected."""
    bound = ROWS[row].final_tolerance
    if not all(map(math.isfinite, participant.final_losses)):
        return f"its final losses are {participant.final_losses}"
    first = participant.ready.get("first_losses", [])[: ROWS[row].first]
    if expected_first and participant.title != OURS:
        if len(first) < min(len(expected_first), ROWS[row].first):
            return f"it tells only {len(first)} of its first losses"
        off = distance(first, expected_first)
        if not off <= FIRST_TOLERANCE:
            return f"its first losses are off by {off:.1e} of their size, {FIRST_TOLERANCE:.0e} is allowed"
    off = max(distance([loss], [expected_final]) for loss in participant.final_losses)
    if not off <= bound:
        return f"its final loss is off ours by {off:.1e} of its size, {bound:g} is allowed"
    return ""


def judge(participants, row, golden):
    """Marks those whose figures must not be compared. Ours is the first; first losses are held to golden ones or, where
    there are none, to those of the first peer that has them."""
    ours, *peers = participants
    first = golden or next((p.ready["first_losses"] for p in peers if p.runs and p.ready.get("first_losses")), [])
    for participant in participants:
        if participant.failure:
            continue
        if not ours.runs:
            participant.withheld = f"{OURS} has no figures"
        else:
            participant.withheld = disagreement(participant, row, first[: ROWS[row].first], ours.final_losses[-1])
    if ours.withheld:
        for peer in peers:
            peer.withheld = peer.withheld or f"{OURS}: {ours.withheld}"


# --- what is written -------------------------------------------------------------------------------------------------


def least(participant, kind):
    return min((run[kind] for run in participant.runs if kind in run), default=None)


def ratio(participant, ours, kind):
    """How many times as long as ours, by the least of each; None where that must not be said."""
    if participant is ours or participant.failure or participant.withheld:
        return None
    its, our = least(participant, kind), least(ours, kind)
    return its / our if its is not None and our else None


def facts(participant, ours):
    """A participant of a row, as JSON has it and the table and the chart draw on."""
    has = bool(participant.runs)
    return {
        "framework": participant.title,
        "minimum": least(participant, "seconds"),
        "median": statistics.median(participant.seconds) if has else None,
        "seconds": participant.seconds,
        "cpu_minimum": least(participant, "cpu_seconds"),
        "first_update": participant.ready.get("first_update"),
        "first_run": participant.ready.get("first_run", participant.runs[-1].get("first_run") if has else None),
        "first_losses": participant.ready.get("first_losses"),
        "final_loss": participant.final_losses[-1] if has else None,
        "ratio": ratio(participant, ours, "seconds"),
        "cpu_ratio": ratio(participant, ours, "cpu_seconds"),
        "withheld": participant.withheld,
        "failure": participant.failure,
        "setting": participant.setting,
    }


def cell(value, form):
    return "-" if value is None else format(value, form)


def verdict(f):
    if f["failure"]:
        return f"failed: {f['failure']}"
    if f["withheld"]:
        return f"withheld: {f['withheld']}"
    return cell(f["ratio"], ".2f")


def to_markdown(result):
    lines = [
        f"Seconds of training, {result['threads']} thread{'s' if result['threads'] > 1 else ''} of {result['processor']},"
        f" {result['date']}, {result['commit']}; load {result['load_before']:.1f} before,"
        f" {result['load_after']:.1f} after.",
        f"{result['rounds']} rounds, in which all take turns. Ratios are those of the minima, to {OURS}:"
        " by the clock and, which is the better one where other programs run at the same time, by the processor's time.",
        "",
        "| row | framework | min | median | processor | first update | first run | final loss | ratio of processor |"
        " ratio |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|---|",
    ]
    for row in result["rows"]:
        for f in row["frameworks"]:
            cells = [row["row"], f["framework"], cell(f["minimum"], ".4f"), cell(f["median"], ".4f"),
                     cell(f["cpu_minimum"], ".4f"), cell(f["first_update"], ".2f"), cell(f["first_run"], ".2f"),
                     cell(f["final_loss"], ".5g"), cell(f["cpu_ratio"], ".2f"), verdict(f).replace("|", "\\|")]  # fmt: skip
            lines.append(f"| {' | '.join(cells)} |")
    lines += ["", "| framework | version | BLAS | oneDNN |", "|---|---|---|---|"]
    settings = {f["framework"]: f["setting"] for row in result["rows"] for f in row["frameworks"] if f["setting"]}
    for name, s in settings.items():
        lines.append(f"| {name} | {s.get('version', '-')} | {s.get('blas', '-')} | {s.get('onednn', '-')} |")
    return "\n".join(lines) + "\n"


def to_chart(result):
    def bar(f):
        ours = f["framework"] == OURS
        note = f"{f['minimum']:.4g} s" if f["minimum"] is not None else ""
        if f["failure"] or f["withheld"]:
            note += (", " if note else "") + verdict(f)
        elif f["ratio"] is not None:
            note += f", {f['ratio']:.{0 if f['ratio'] >= 10 else 1}f} x"
        return chart.Bar(f["framework"], f["minimum"] or 0.0, note, emphasised=ours, doubtful=bool(f["withheld"]))

    panels = [(row["row"], [bar(f) for f in row["frameworks"]]) for row in result["rows"]]
    return chart.to_svg(f"Seconds of training, {result['threads']} thread(s), {result['processor']}", panels)


def write(folder, result):
    texts = {"json": json.dumps(result, indent=1) + "\n", "md": to_markdown(result), "svg": to_chart(result)}
    for ending, text in texts.items():
        part = folder / f"comparison.{ending}.part"
        part.write_text(text)
        part.replace(folder / f"comparison.{ending}")


# --- the command -----------------------------------------------------------------------------------------------------


def parse(arguments=None):
    def folder(name):
        return Path(os.environ[name]).resolve() if os.environ.get(name) else None

    def names(known):
        def split(text):
            chosen = [name.lower() for name in text.split(",") if name]
            unknown = [name for name in chosen if name not in known]
            if unknown:
                raise argparse.ArgumentTypeError(f"no {', '.join(unknown)}; there are {', '.join(known)}")
            return chosen

        return split

    parser = argparse.ArgumentParser(prog="compare.sh", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    parser.add_argument("--rows", type=names(ROWS), default=list(ROWS), help=f"of {','.join(ROWS)}")
    parser.add_argument("--peers", type=names(PEERS), default=list(PEERS), help=f"of {','.join(PEERS)}")
    parser.add_argument("--rounds", type=int, help="default: 5, and 2 for lenet and charlm")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--data", type=Path, default=folder("PLUGRAD_DATA"), help="default: PLUGRAD_DATA")
    parser.add_argument("--golden", type=Path, default=folder("PLUGRAD_GOLDEN"),
                        help="initial weights, first losses; default: PLUGRAD_GOLDEN, or weights are drawn")  # fmt: skip
    parser.add_argument("--output", type=Path, default=Path.cwd(), help="folder; default: the current one")
    parser.add_argument("--program", type=Path, required=True, help="timing_table")
    parser.add_argument("--python", default=sys.executable, help="of the environment that has the peers")
    parser.add_argument("--commit", default="unknown commit")
    parser.add_argument("--patience", type=int, default=3600, help="seconds until an answer must have come")
    options = parser.parse_args(arguments)
    for name in ("data", "golden", "output", "program"):
        if getattr(options, name):
            setattr(options, name, getattr(options, name).resolve())
    if not options.output.is_dir():
        parser.error(f"no folder {options.output}")
    return options


def draw_weights(options, folder):
    done = subprocess.run([options.python, "-m", "peers.weights", folder], stderr=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"compare.sh: cannot draw initial weights: {done.stderr.strip().splitlines()[-1]}")
    return folder


def participants_of(row, weights, options):
    """Ours, then the peers asked for."""
    common = ["--rows", row, "--threads", str(options.threads), "--weights", str(weights), "--serve"]
    if options.data:
        common += ["--data", str(options.data)]
    found = [Participant(OURS, [sys.executable, "-m", "peers.plugrad", "--program", str(options.program), *common])]
    for name in options.peers:
        title, module, mode, requirement = PEERS[name]
        reason = Path(options.python).absolute().parent.parent / "failed" / requirement  # written by peers.sh
        not_installed = reason.read_text().strip() if reason.is_file() else ""
        found.append(Participant(title, [options.python, "-m", f"peers.{module}", "--mode", mode, *common], not_installed))
    return found


def golden_losses(folder, row):
    file = folder and folder / "losses.json"
    return json.loads(file.read_text())["losses"].get(row, []) if file and file.is_file() else []


def compare_row(row, weights, options):
    participants = participants_of(row, weights, options)
    variables = {**environment(options.threads), "PLUGRAD_COMMIT": options.commit}
    rounds = options.rounds or (2 if row in ("lenet", "charlm") else 5)
    take_turns(participants, rounds, options.patience, variables,
               lambda text: print(f"{ROWS[row].title}: {text}", file=sys.stderr, flush=True))  # fmt: skip
    judge(participants, row, golden_losses(options.golden, row))
    return {"row": ROWS[row].title, "rounds": rounds, "frameworks": [facts(p, participants[0]) for p in participants]}


def main():
    options = parse()
    pin(options.threads)  # all that is started from here on inherits it
    result = {
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "commit": options.commit,
        "processor": processor(),
        "threads": options.threads,
        "load_before": os.getloadavg()[0],
        "rows": [],
    }
    with tempfile.TemporaryDirectory(prefix="peers.") as folder:
        weights = options.golden or draw_weights(options, Path(folder))
        for row in options.rows:
            result["rows"].append(compare_row(row, weights, options))
            result["rounds"] = " or ".join(sorted({str(r["rounds"]) for r in result["rows"]}))
            result["load_after"] = os.getloadavg()[0]
            write(options.output, result)  # after each row, so that what is measured is kept
    print(to_markdown(result))


if __name__ == "__main__":
    main()
