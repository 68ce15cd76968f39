// What the test bed found wrong: a list of texts, each with where it happened.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

#include "plugrad/tests/cuda_emulation/export.h"

namespace plugrad::cuda_emulation {

// Adds "kind: text [place]", where the place is the running kernel with file, line, thread and block, or the
// library call that runs. Said once per kind and place: false when it is known already.
PLUGRAD_CUDA_EMULATION_API bool add_report(std::string_view kind, std::string text);

template <class... Args>
bool report(std::string_view kind, fmt::format_string<Args...> format, Args&&... args) {
  return add_report(kind, fmt::format(format, std::forward<Args>(args)...));
}

// The oldest report, which is removed; empty when there is none.
std::string take_report();

}  // namespace plugrad::cuda_emulation
