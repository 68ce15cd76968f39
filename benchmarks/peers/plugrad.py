"""Our own program among its peers: starts benchmarks/timing_table for every run, which warms up by itself. Answers as
peer.py says; it has no first losses, for the program tells the final one only. Standard library only."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from .rows import ROWS


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", type=Path, required=True)
    parser.add_argument("--rows", nargs=1, choices=ROWS, required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--weights", type=Path, required=True, help="folder of <row>.<parameter>.npy")
    parser.add_argument("--serve", action="store_true")
    return parser.parse_args()


def run(options, title):
    """One run: what the program writes of the row, and seconds of the processor, which Google Benchmark writes. It knows
    those of one thread."""
    with tempfile.TemporaryDirectory(prefix="timing_table.") as folder:
        answer, benchmark = Path(folder) / "answer.json", Path(folder) / "benchmark.json"
        command = [options.program, "--rows", title, "--repeats", "1", "--threads", str(options.threads),
                   "--golden", options.weights, "--json", answer,
                   f"--benchmark_out={benchmark}", "--benchmark_out_format=json"]  # fmt: skip
        if options.data:
            command += ["--data", options.data]
        done = subprocess.run(command, stdout=subprocess.DEVNULL)
        if done.returncode:
            sys.exit(f"{options.program} ended with status {done.returncode}")
        [row] = json.loads(answer.read_text())["rows"]
        turns = [b for b in json.loads(benchmark.read_text())["benchmarks"] if b["run_type"] == "iteration"]
        cpu = {"cpu_seconds": turns[-1]["cpu_time"] / 1000} if options.threads == 1 else {}  # in milliseconds there
        return row, cpu


def say(event, **facts):
    print(json.dumps({"event": event, **facts}), flush=True)


def main():
    options = parse()
    title = ROWS[options.rows[0]].title
    say("setting", framework="Plugrad", version=os.environ.get("PLUGRAD_COMMIT", "unknown commit"))
    say("ready", row=options.rows[0])
    for _ in sys.stdin:
        row, cpu = run(options, title)
        say("run", seconds=row["minimum"], first_run=row["warm_up"], final_loss=row["final_loss"],
            substitute=row["substitute"], **cpu)  # fmt: skip


if __name__ == "__main__":
    main()
