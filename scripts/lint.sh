#!/usr/bin/env bash
# Checks the sources: their layout (clang-format) and mistakes and names (clang-tidy). Changes nothing without --fix.
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

usage="usage: lint.sh [format] [tidy] [--fix] [file...]
  format, tidy   one of the two alone
  --fix          lay out the sources instead of checking them
  file...        these alone; default: all that git knows or would take in"

checks=() files=() fix=''
while (($#)); do
  case $1 in
    format | tidy) checks+=("$1") ;;
    --fix) fix=yes ;;
    --help | -h) say "$usage" && exit ;;
    -*) fail "what is $1?"$'\n'"$usage" ;;
    *) files+=("$(realpath "$1")") ;;
  esac
  shift
done
((${#checks[@]})) || checks=(format tidy)
install_packages "$lint_packages" || fail "cannot go on without these packages"

cd "$root"
((${#files[@]})) || mapfile -t files < <(git ls-files --cached --others --exclude-standard '*.h' '*.hpp' '*.cpp' '*.cu' '*.cuh' | sort)

check_format() {
  if [[ $fix ]]; then clang-format-16 -i "${files[@]}"; else clang-format-16 --dry-run --Werror "${files[@]}"; fi
}

# Headers are seen through the sources that include them.
check_tidy() {
  local sources
  install_packages "$build_packages" || fail "cannot go on without these packages"
  cmake --preset release --log-level=WARNING
  mapfile -t sources < <(printf '%s\n' "${files[@]}" | grep '\.cpp$' | xargs realpath |
    grep -Fxf <(sed -n 's/^ *"file": "\(.*\)",*$/\1/p' build/release/compile_commands.json) || true)
  ((${#sources[@]})) || return 0
  printf '%s\n' "${sources[@]}" | xargs -P "$(jobs_at_once)" -n 1 clang-tidy-16 -p build/release --quiet
}

status=0
for check in "${checks[@]}"; do
  say "== $check"
  "check_$check" || status=1
done
((status == 0)) || fail "see above"
