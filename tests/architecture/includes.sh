#!/usr/bin/env bash
# includes.sh <source folder>: dependencies run one way. Each folder's sources may include only what stands here, as
# patterns of what follows "plugrad/"; programs (examples, benchmarks, tests) may include anything.
set -euo pipefail
cd "$1"

declare -A allowed=(
  [core]='core/'
  [ops]='core/|ops/'
  [nn]='core/|ops/|nn/'
  [plugins]='core/(abi\.h|plugin\.hpp)'
)
for backend in backends/*/; do
  backend=${backend%/}
  allowed[$backend]="core/(abi\\.h|plugin\\.hpp)|backends/common/|$backend/"
done

status=0
for folder in "${!allowed[@]}"; do
  [[ -d $folder ]] || continue
  # By any other path, as one relative to the file, a header of this project would go unseen here.
  wrong=$(grep -rnE --include='*.h' --include='*.hpp' --include='*.cpp' --include='*.cu' --include='*.cuh' \
    '^[[:space:]]*#[[:space:]]*include[[:space:]]*(["<]plugrad/|"[^"/]*"|"\.)' "$folder" |
    grep -vE "include[[:space:]]*[\"<]plugrad/(${allowed[$folder]})" || true)
  if [[ -n $wrong ]]; then
    printf '%s may include only plugrad/(%s):\n%s\n' "$folder" "${allowed[$folder]}" "$wrong"
    status=1
  fi
done
exit $status
