#!/usr/bin/env bash
# Makes the environment of Python that the peers of the timing table run in, from benchmarks/peers/requirements.txt, and
# tells versions. It lies in the user's cache, takes 7.4 GB, most of them torch's, and may be deleted at any time; what stands
# there already is kept.
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

usage="usage: peers.sh [--print | --delete]
  --print    only say where the environment is
  --delete   delete it"

readonly requirements=$root/benchmarks/peers/requirements.txt
# Other requirements make another environment.
environment=${XDG_CACHE_HOME:-$HOME/.cache}/plugrad/peers-$(sha256sum "$requirements" | cut -c1-12)
readonly environment

# Each by itself, so that one that cannot be had leaves the others: failed/<name> then holds pip's reason.
install_requirement() {
  local requirement=$1 name=${1%%[\[=]*} log=$environment/pip.log
  [[ -e $environment/installed/$name ]] && return
  say "Installing $requirement"
  rm -f "$environment/failed/$name"
  if "$environment/bin/pip" install --quiet --disable-pip-version-check "$requirement" >"$log" 2>&1; then
    touch "$environment/installed/$name"
  else
    { grep -E '^ERROR' "$log" || tail -n 1 "$log"; } | tail -n 1 >"$environment/failed/$name"
    say "$requirement cannot be installed: $(cat "$environment/failed/$name")" >&2
  fi
}

case ${1:-} in
  --print) say "$environment" && exit ;;
  --delete) rm -rf "$environment" && exit ;;
  --help | -h) say "$usage" && exit ;;
  '') ;;
  *) fail "what is $1?"$'\n'"$usage" ;;
esac

if [[ ! -x $environment/bin/pip ]]; then
  python3 -c 'import ensurepip, venv' 2>/dev/null || install_packages "$peer_packages" ||
    fail "cannot go on without these packages"
  mkdir -p "$environment"
  python3 -m venv "$environment"
fi
mkdir -p "$environment"/{installed,failed}
while read -r requirement; do
  install_requirement "$requirement"
done < <(sed 's/#.*//; /^[[:space:]]*$/d' "$requirements")
PYTHONPATH=$root/benchmarks "$environment/bin/python" -m peers.versions
