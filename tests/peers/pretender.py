"""A peer that trains nothing: says what it is told to say, and writes down when its turn was.

usage: pretender.py <name> <diary> <JSON: first_losses, final_loss, seconds, and how it misbehaves>
"""

import json
import os
import sys
import time

name, diary, manners = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])


def say(event, **facts):
    print(json.dumps({"event": event, **facts}), flush=True)


def note(what):
    with open(diary, "a") as file:
        file.write(f"{name} {what}\n")


if manners.get("absent"):
    sys.exit(f"ModuleNotFoundError: No module named '{name}'")
note("begins")
print("a framework's own remark, which is no JSON", flush=True)
say("setting", framework=name, version="1.0")
say("ready", first_losses=manners.get("first_losses", []), first_update=0.5, first_run=1.0)
for turn, _ in enumerate(sys.stdin):
    note("runs")
    if manners.get("dies_in_turn") == turn:
        os.abort()
    if manners.get("hangs"):
        time.sleep(60)
    say("run", seconds=manners["seconds"][turn], cpu_seconds=0.1, final_loss=manners["final_loss"])
