#!/usr/bin/env bash
# model_lines.sh <source folder>: the five example models, with their losses and training, are at most 100 lines together,
# blank lines and comments aside, laid out by clang-format where that is installed.
set -euo pipefail
limit=100 models=("$1"/examples/*/model.h)
lines=$(cat "${models[@]}" | grep -cvE '^[[:space:]]*(//.*)?$')
printf '%s models: %s lines, at most %s\n' "${#models[@]}" "$lines" "$limit"
if command -v clang-format-16 >/dev/null; then clang-format-16 --dry-run --Werror "${models[@]}"; fi
((${#models[@]} == 5 && lines <= limit))
