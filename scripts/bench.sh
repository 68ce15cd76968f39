#!/usr/bin/env bash
# Installs what is missing, builds optimised, and measures the timing table, which is printed and written to
# timing_table.json and timing_table.md. From any folder, as root or as a user with sudo.
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

usage="usage: bench.sh [--output FOLDER] [option of timing_table...]
  --output FOLDER   where timing_table.json and timing_table.md go; default: the current folder
All else goes to the program: bench.sh --help-program shows what it takes."

output=$PWD arguments=()
while (($#)); do
  case $1 in
    --output) output=$(realpath "${2:?$usage}") && shift ;;
    --help | -h) say "$usage" && exit ;;
    --help-program) arguments+=(--help) ;;
    *) arguments+=("$1") ;;
  esac
  shift
done
[[ -d $output && -w $output ]] || fail "cannot write to the folder $output"

# What stands there afterwards is of this run, or nothing is.
json=$output/timing_table.json table=$output/timing_table.md
remove_unfinished() { rm -f "$json.part" "$table.part"; }
trap remove_unfinished EXIT
rm -f "$json" "$table"
remove_unfinished

install_packages "$build_packages" || fail "cannot go on without these packages"
install_packages "$data_packages" || say "Going on: without them, rows whose data are not found cannot be measured"
build release timing_table

commit=$(git -C "$root" rev-parse --short HEAD 2>/dev/null || say unknown)
[[ -z $(git -C "$root" status --porcelain 2>/dev/null) ]] || commit+=" with changes"
"$root/build/release/benchmarks/timing_table" \
  --json "$json.part" --markdown "$table.part" --commit "$commit" "${arguments[@]}"
if [[ -s $json.part && -s $table.part ]]; then
  mv "$json.part" "$json"
  mv "$table.part" "$table"
  say "Written: $json, $table"
fi
