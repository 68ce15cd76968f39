#!/usr/bin/env bash
# libraries.sh <readelf> <libplugrad.so> <libplugrad_nn.so> <plugin>...: what the libraries link and show.
#
# The core links no backend and no library of a backend (oneDNN, CUDA, ...): it may link what is listed, and nothing
# else. Plugins do not link the core, resolve their symbols when loaded, and show their entry points alone.
set -euo pipefail
readelf=$1 core=$2 nn=$3
shift 3
status=0

wrong() {
  printf '%s\n' "$*"
  status=1
}
# The libraries that a file links, without the runtime of compiler, system and sanitizers.
links() {
  "$readelf" -dW "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' |
    grep -vE '^(libstdc\+\+|libgcc_s|libm|libc|libdl|libpthread|libasan|libubsan|libtsan|ld-linux.*)\.so' || true
}
# may_link <file> <pattern>
may_link() {
  local extra
  extra=$(links "$1" | grep -vE "^($2)\.so" || true)
  [[ -z $extra ]] || wrong "$1 links" "$extra"
}
# The symbols that a file shows, without versions.
shows() {
  "$readelf" --dyn-syms -W "$1" |
    awk '$5 != "LOCAL" && $7 ~ /^[0-9]+$/ && $6 == "DEFAULT" { sub(/@.*/, "", $8); print $8 }'
}

may_link "$core" 'libfmt|libelf'
may_link "$nn" 'libplugrad|libfmt|libz'

for plugin in "$@"; do
  name=$(basename "$plugin" .so)
  name=${name#libplugrad_}
  if links "$plugin" | grep -q '^libplugrad'; then wrong "$plugin links" "$(links "$plugin")"; fi
  "$readelf" -dW "$plugin" | grep -qE 'BIND_NOW|Flags:.*NOW' || wrong "$plugin is not linked with -z now"
  expected=$(printf '%s\n' plugrad_init plugrad_manifest "plugrad_${name}_plugin" | sort)
  [[ $(shows "$plugin" | sort) == "$expected" ]] || wrong "$plugin shows" "$(shows "$plugin")"
done
exit $status
