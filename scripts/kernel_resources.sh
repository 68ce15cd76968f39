#!/usr/bin/env bash
# Writes docs/cuda_kernels.md: what the kernels of the cuda backend need of a GPU, read from what ptxas says while it
# compiles them. Fails where a kernel spills registers.
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

readonly table=$root/docs/cuda_kernels.md
nvcc=$(command -v nvcc || say /usr/local/cuda/bin/nvcc)
[[ -x $nvcc ]] || fail "there is no nvcc"
[[ -d $root/build/release/include ]] || (cd "$root" && cmake --preset release --log-level=WARNING)

# resources <source> <architecture>: a line "kernel registers shared spills stack" per kernel.
resources() {
  "$nvcc" -std=c++20 -O3 -lineinfo -DNDEBUG -I"$root/build/release/include" -arch="sm_$2" -cubin -o /dev/null \
    -Xptxas -v "$1" 2>&1 | c++filt | awk '
    /Function properties for / { sub(/.*Function properties for /, ""); kernel = $0; next }
    /bytes stack frame/ { stack = $1; spills = $5 + $9 }
    /Used [0-9]+ registers/ {
      registers = 0; shared = 0
      for (i = 2; i <= NF; ++i) {
        if ($i ~ /^registers/) registers = $(i - 1)
        if ($i ~ /^smem/) shared = $(i - 2)
      }
      gsub(/\(anonymous namespace\)::|void |plugrad::cuda::/, "", kernel)
      sub(/[<(].*/, "", kernel)
      print kernel, registers, shared, spills, stack
    }'
}

# summary <source> <architecture>: a row per kernel template.
summary() {
  resources "$1" "$2" | awk -v file="$(basename "$1")" -v arch="sm_$2" '
    {
      if (!($1 in n) || $2 < least[$1]) least[$1] = $2
      if ($2 > most[$1]) most[$1] = $2
      if ($3 > shared[$1]) shared[$1] = $3
      ++n[$1]; spilled[$1] += $4; stack[$1] += $5
    }
    END {
      for (k in n)
        printf "| %s | `%s` | %s | %d | %d-%d | %d | %d | %d |\n", file, k, arch, n[k], least[k], most[k], shared[k], stack[k], spilled[k]
    }' | sort
}

{
  say "# What the kernels of the cuda backend need"
  say
  say "Written by \`scripts/kernel_resources.sh\` from what ptxas of $("$nvcc" --version | sed -n 's/.*\(release [0-9.]*\).*/\1/p') says. One row is a kernel's template with all"
  say "its instances; bytes of shared memory are the most that one of them declares."
  say
  say "| file | kernel | GPU | instances | registers a thread | shared memory | stack | spilled |"
  say "|---|---|---|--:|--:|--:|--:|--:|"
  for source in "$root"/backends/cuda/*.cu "$root"/backends/cuda/kernels/*.cu; do
    for architecture in 75 90; do summary "$source" "$architecture"; done
  done
} >"$table.part"
mv "$table.part" "$table"
if awk -F'|' 'NR > 7 && $9 > 0' "$table" | grep .; then fail "the kernels above spill registers"; fi
say "Written: $table"
