// The time between a plugin's init function and its place in the table: kernels are staged, judged as a
// whole, and taken in all or not at all.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "plugrad/core/backend.h"
#include "plugrad/core/plugin_file.h"
#include "plugrad/core/registry.h"

namespace plugrad::detail {

struct Staged {
  std::map<const Row*, Cell> cells;
  plugrad_memory memory{};
};

// The functions below throw PluginError, starting with `where`: the plugin's file or, for one that is linked,
// its name.

// Calls `init` with a host table that fills the result. A failure, an exception, or a call that the host
// refused is an error, whatever `init` makes of it.
Staged run_init(plugrad_init_function init, std::string_view where);

// Publishes the backend. Nothing is changed where that fails. The caller holds the loader's lock.
void commit(const Staged& staged, const Manifest& manifest, const std::string& origin,
            std::string_view where);

}  // namespace plugrad::detail
