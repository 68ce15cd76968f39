#!/usr/bin/env bash
# install_test.sh <cmake> <build folder> <consumer> <compiler> <flags> <sanitizers>: installs to a temporary prefix, moves
# that, and builds and runs an outside project against it.
set -euo pipefail
cmake=$1 build=$2 consumer=$3 compiler=$4 flags=$5 sanitizers=$6

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
DESTDIR='' "$cmake" --install "$build" --prefix "$folder/first" >/dev/null
mv "$folder/first" "$folder/moved"

[[ -z $sanitizers ]] || flags+=" -fsanitize=$sanitizers"
"$cmake" -G Ninja -S "$consumer" -B "$folder/build" -DCMAKE_PREFIX_PATH="$folder/moved" \
  -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_CXX_FLAGS="$flags" >/dev/null
"$cmake" --build "$folder/build"

# Nothing of the build tree may help.
unset PLUGRAD_PLUGIN_PATH PLUGRAD_BACKEND LD_LIBRARY_PATH
cd /
for program in loads_cpu links_cpu uses_nn; do
  "$folder/build/$program"
done

# pkg-config, where it is there, leads to the same headers and libraries.
if command -v pkg-config >/dev/null; then
  export PKG_CONFIG_PATH
  PKG_CONFIG_PATH=$(dirname "$(find "$folder/moved" -name plugrad.pc)")
  read -ra options <<<"$(pkg-config --cflags --libs plugrad) $flags"
  "$compiler" -std=c++20 "$consumer/loads_cpu.cpp" -o "$folder/by_pkg_config" "${options[@]}"
  LD_LIBRARY_PATH=$(pkg-config --variable=libdir plugrad) "$folder/by_pkg_config"
fi
