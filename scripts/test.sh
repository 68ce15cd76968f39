#!/usr/bin/env bash
# Installs what is missing, builds, and runs the tests: as released, then with the address and undefined-behaviour
# sanitizers; with --all the long ones too, and those of threads with the thread sanitizer. From any folder, as root or as
# a user with sudo.
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

usage="usage: test.sh [--all] [--preset release|debug|asan|tsan]
  --all      the long tests too (label long), and the tsan build
  --preset   this build alone"

presets=(release asan)
selection=(--label-exclude '^long$')
while (($#)); do
  case $1 in
    --all) selection=() && presets+=(tsan) ;;
    --preset) presets=("${2:?$usage}") && shift ;;
    --help | -h) say "$usage" && exit ;;
    *) fail "what is $1?"$'\n'"$usage" ;;
  esac
  shift
done

# run_suite <preset>: builds and runs; the outcome goes to build/<preset>/junit.xml. Sanitized builds are slow, and what
# the long tests and the trainings of whole models are after is not memory errors: they leave those out.
run_suite() {
  local preset=$1 results=$root/build/$1/junit.xml which=("${selection[@]}") started=$SECONDS
  case $preset in
    asan) which=(--label-exclude '^(long|models)$') ;;
    tsan) which=(--tests-regex Thread) ;;
  esac
  rm -rf "$results" "$root/build/$preset/gtest"
  say "== $preset: building"
  build "$preset" || return 1
  say "== $preset: built in $((SECONDS - started)) s; testing"
  run_ctest --preset "$preset" --parallel "$(jobs_at_once)" --output-junit "$results" "${which[@]}"
}

# Off a terminal, only the tests that did not pass are shown.
run_ctest() {
  cd "$root"
  if [[ -t 1 ]]; then
    ctest --progress "$@"
  else
    ctest "$@" | sed -E '/^ +Start +[0-9]+: |^ *[0-9]+\/[0-9]+ Test .* Passed +[0-9.]+ sec$/d'
  fi
}

summary() {
  local preset=$1 all backend
  [[ -f $root/build/$preset/junit.xml ]] || return 0
  all=$(outcomes "$root/build/$preset")
  say "$preset: $(count passed "$all") passed, $(count failed "$all") failed, $(count skipped "$all") skipped"
  for backend in $(backends); do
    say "  on $backend: $(count passed "$all" "$backend") passed, $(count failed "$all" "$backend") failed," \
      "$(count skipped "$all" "$backend") skipped"
  done
}

install_packages "$build_packages" || fail "cannot go on without these packages"
install_packages "$data_packages" || say "Going on: tests that need these data are skipped"

status=0
for preset in "${presets[@]}"; do
  run_suite "$preset" || status=1
done
for preset in "${presets[@]}"; do
  summary "$preset"
done
((status == 0)) || fail "not all is well"
