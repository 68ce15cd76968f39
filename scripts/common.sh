# What the scripts share: strict mode, the project's folder, the packages of Debian, building, and counting results.
# To be sourced by bash.
# shellcheck shell=bash disable=SC2034
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly root

say() { printf '%s\n' "$*"; }
fail() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

# Packages by purpose: "package  why it is needed".
readonly build_packages='
g++                  the compiler
cmake                configures the build
ninja-build          runs the build
ccache               makes the second build short
binutils             readelf and nm, for the tests of what the libraries link and show
libboost1.81-dev     Boost.DLL loads plugins; Boost.PFR takes structs of parameters apart
libdlpack-dev        the tensor that kernels are given
libdnnl-dev          oneDNN: matrix products and convolutions of the cpu backend
ocl-icd-opencl-dev   asked for by the CMake package of oneDNN
libhwy-dev           Highway: vectorised loops of the cpu backend
libelf-dev           plugin files are checked before they are loaded
libfmt-dev           formats messages
libzstd-dev          the test bed of the cuda backend reads compressed device code
nlohmann-json3-dev   manifests, checkpoints, the timing table as JSON
zlib1g-dev           gzipped data sets
libcli11-dev         the options of the examples and benchmarks
libgtest-dev         the tests
libgmock-dev         the tests
libbenchmark-dev     the benchmarks
python3              the comparison with other frameworks, and its test
'
readonly data_packages='
dataset-fashion-mnist  stands in for MNIST where no MNIST files are found
fortunes               stands in for the text of charlm where that is not found
fortunes-min           a part of that text
'
readonly peer_packages='
python3-venv  the environment that the other frameworks are installed in
'
readonly lint_packages='
clang-format-16      checks the layout of the sources
clang-tidy-16        checks the sources for mistakes and names
libomp-16-dev        omp.h as clang-tidy understands it
'

packages_of() { awk 'NF { print $1 }' <<<"$1"; }
why() { awk -v package="$2" '$1 == package { $1 = ""; print substr($0, 2) }' <<<"$1"; }
is_installed() { [[ $(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]; }

as_root() {
  if ((EUID == 0)); then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    say "neither root nor sudo: cannot run $*" >&2
    return 1
  fi
}

# missing_packages <table>: those that are not installed.
missing_packages() {
  local package
  for package in $(packages_of "$1"); do
    is_installed "$package" || say "$package"
  done
}

# install_packages <table>: installs what is missing; says what cannot be had, why it is needed, and returns 1.
install_packages() {
  local table=$1 package missing
  if ! command -v apt-get >/dev/null; then
    say "This system has no apt-get. Needed, by their Debian names:$table"
    return 0
  fi
  mapfile -t missing < <(missing_packages "$table")
  ((${#missing[@]})) || return 0
  say "Installing ${missing[*]}"
  as_root apt-get -qq update || true
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}" \
    >/dev/null && return 0
  # One that cannot be had makes apt refuse all of them: take them one by one, so that the rest is there.
  for package in "${missing[@]}"; do
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$package" \
      >/dev/null 2>&1 || true
  done
  mapfile -t missing < <(missing_packages "$table")
  ((${#missing[@]})) || return 0
  for package in "${missing[@]}"; do
    say "Debian package $package cannot be installed; needed because: $(why "$table" "$package")" >&2
  done
  return 1
}

# How many jobs at a time: one per core, and 1.5 GB of memory for each.
jobs_at_once() {
  local cores memory
  cores=$(nproc)
  memory=$(awk '/MemAvailable/ { print int($2 / 1500000) }' /proc/meminfo)
  ((memory < 1)) && memory=1
  say $((cores < memory ? cores : memory))
}

# build <preset> [target...]: off a terminal, only what went wrong is shown.
build() {
  local preset=$1 quiet=()
  shift
  [[ -t 1 ]] || quiet=(--quiet)
  (
    cd "$root"
    cmake --preset "$preset" --log-level=WARNING
    cmake --build --preset "$preset" --parallel "$(jobs_at_once)" ${1:+--target "$@"} -- "${quiet[@]}"
  )
}

# outcomes <build folder>...: a line "passed|failed|skipped <name>" per test, read from what CTest and, where one entry of
# CTest is a program with many cases, GoogleTest have written. Of a test that is in several files, the worst outcome counts,
# and a test that could not be started has failed.
outcomes() {
  local folder files=() programs=()
  for folder in "$@"; do
    [[ -f $folder/junit.xml ]] && files+=("$folder/junit.xml")
    for program in "$folder"/gtest/*.xml; do [[ -f $program ]] && programs+=("$program"); done
  done
  ((${#files[@]})) || return 0
  awk '
    function attribute(name) {
      if (!match($0, " " name "=\"[^\"]*\"")) return ""
      return substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 4)
    }
    function done_with_case() {
      if (name != "" && rank[outcome] > rank[worst[name]]) worst[name] = outcome
      name = ""
    }
    BEGIN { rank["skipped"] = 1; rank["passed"] = 2; rank["failed"] = 3 }
    FNR == 1 {
      done_with_case()
      program = FILENAME
      is_program = program ~ /\/gtest\/[^\/]*$/
      gsub(/.*\/|\.xml$/, "", program)
      if (is_program) listed[program] = 1
    }
    /^[ \t]*<testcase / {
      done_with_case()
      status = attribute("status")
      outcome = status == "run" ? "passed" : status == "fail" ? "failed" : "skipped"
      name = attribute("name")
      if (!is_program) {
        if (status != "run" && status != "disabled") outcome = "failed"
      } else {
        if (attribute("result") == "skipped") outcome = "skipped"
        name = program "." attribute("classname") "." name (name ~ /\/cuda$/ ? "" : "/cuda")
      }
    }
    /^[ \t]*<skipped message="SKIP_/ { outcome = "skipped" }
    is_program && /^[ \t]*<failure / { outcome = "failed" }
    END {
      done_with_case()
      for (test in worst)
        if (!(listed[test] && worst[test] == "passed")) print worst[test], test
    }
  ' "${files[@]}" "${programs[@]}" | sort -k2
}

# count <outcome> <outcomes> [backend]: how many tests had that outcome. A test runs on the backend that its name ends
# with, after a slash or an underscore: `ops.Gradient.Tanh/cpu`, `conformance.Ops/Forward.Matches/tanh_cpu`.
count() {
  awk -v outcome="$1" -v backend="${3:-}" '
    $1 == outcome && (backend == "" || $2 ~ ("[/_]" backend "$")) { n++ }
    END { print n + 0 }' <<<"$2"
}

# Is there a CUDA compiler? Without one the cuda backend is not built.
has_nvcc() { command -v nvcc >/dev/null || [[ -x /usr/local/cuda/bin/nvcc ]]; }

# The backends that the project builds.
backends() { sed -n 's/^set(PLUGRAD_BACKENDS "\([^"]*\)".*/\1/p' "$root/CMakeLists.txt" | tr ';' '\n'; }
