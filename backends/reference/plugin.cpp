// The reference backend: every op in loops as plain as its formula. It is the oracle that other backends are
// compared with, and the folder to copy for a new one: give it another name here and another namespace, keep
// the tests passing, and replace kernels/ file by file.
#include "plugrad/core/plugin.hpp"

PLUGRAD_BACKEND(reference, "0.1.0", "core-1", nullptr)
