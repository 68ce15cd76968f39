// Op sets: what a backend promises to have, so that a hole in it shows when it is loaded and not in the
// middle of a training run.
#pragma once

#include "plugrad/core/plugin_staging.h"

namespace plugrad::detail {

// Checks that a backend brings every kernel of the op set that its manifest names, unless
// PLUGRAD_ALLOW_INCOMPLETE is 1. "core-<n>": the forward kernels of those of plugrad's own primitives that
// were there when op set n was closed (OpSchema::since), and the gradient kernels that their schemas ask for.
// Throws PluginError, starting with `where`, which lists all that is missing.
void check_complete(const Staged& staged, const Manifest& manifest, std::string_view where);

}  // namespace plugrad::detail
