#!/usr/bin/env bash
# Times our program and its peers, other frameworks that train the same models from the same weights, in turns; prints the
# table and writes comparison.md, comparison.svg and comparison.json.
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

usage="usage: compare.sh [--program FILE] [--python FILE] [option...]
  --program FILE   a timing_table that is built already; default: PLUGRAD_TIMING_TABLE, or it is built
  --python FILE    of an environment with the peers' frameworks; default: that of scripts/peers.sh, which is made
  --rows linreg,softmax,mlp,lenet,charlm   --rounds N   --threads N
  --peers pytorch,pytorch-compile,libtorch,tensorflow,tensorflow-xla,jax,jax-scan,mlx,mlx-compile
  --data FOLDER   --golden FOLDER   --output FOLDER   --patience SECONDS"

program=${PLUGRAD_TIMING_TABLE:-} python='' arguments=()
while (($#)); do
  case $1 in
    --program) program=${2:?$usage} && shift ;;
    --python) python=${2:?$usage} && shift ;;
    --help | -h) say "$usage" && exit ;;
    *) arguments+=("$1") ;;
  esac
  shift
done

commit=$(git -C "$root" rev-parse --short HEAD 2>/dev/null || say unknown)
[[ -z $(git -C "$root" status --porcelain 2>/dev/null) ]] || commit+=" with changes"
if [[ $program ]]; then
  commit="a $(basename "$program") that was there"
else
  install_packages "$build_packages" || fail "cannot go on without these packages"
  build release timing_table
  program=$root/build/release/benchmarks/timing_table
fi
[[ -x $program ]] || fail "$program cannot be run"

if [[ ! $python ]]; then
  "$root/scripts/peers.sh"
  python=$("$root/scripts/peers.sh" --print)/bin/python
fi

PYTHONPATH=$root/benchmarks exec python3 -m peers.compare \
  --program "$program" --python "$python" --commit "$commit" "${arguments[@]}"
