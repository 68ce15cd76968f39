#include "plugrad/core/op_set.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>

namespace plugrad::detail {

namespace {

constexpr std::string_view core_op_set = "core-0", core_owner = "plugrad";
constexpr const char* incomplete_variable = "PLUGRAD_ALLOW_INCOMPLETE";

bool needs_gradient_kernel(const OpSchema& s) {
  return s.differentiability == Differentiability::differentiable &&
         s.gradient_form == GradientForm::kernel &&
         std::any_of(std::begin(s.gradient), std::end(s.gradient),
                     [](const InputGradient& g) { return g.composition || g.kernel_only; });
}

struct Gaps {
  std::vector<std::string> ops;   // "mul (gradient)"
  int missing = 0, required = 0;  // cells, forward and gradient counted apart
};

Gaps find_gaps(const Staged& staged) {
  Gaps gaps;
  for (const Row* row : all_ops()) {
    if (row->kind != OpKind::primitive || owner_of(*row) != core_owner) continue;
    const auto it = staged.cells.find(row);
    const Cell cell = it == staged.cells.end() ? Cell{} : it->second;
    const bool gradient_required = needs_gradient_kernel(*row->schema);
    const bool no_forward = !cell.forward, no_gradient = gradient_required && !cell.gradient;
    gaps.required += 1 + gradient_required;
    gaps.missing += no_forward + no_gradient;
    if (no_forward || no_gradient)
      gaps.ops.push_back(fmt::format("{} ({}{}{})", row->schema->name, no_forward ? "forward" : "",
                                     no_forward && no_gradient ? ", " : "", no_gradient ? "gradient" : ""));
  }
  return gaps;
}

bool incomplete_allowed() {
  const char* text = std::getenv(incomplete_variable);
  const std::string_view value = text ? text : "";
  if (value == "1") return true;
  if (!value.empty() && value != "0")
    refuse_plugin(incomplete_variable, fmt::format("'{}' is neither 0 nor 1", value),
                  "set it to one of them");
  return false;
}

}  // namespace

void check_complete(const Staged& staged, const Manifest& manifest, std::string_view where) {
  if (incomplete_allowed()) return;
  constexpr const char* option = "PLUGRAD_ALLOW_INCOMPLETE=1 loads it unfinished";
  if (manifest.op_set.empty())
    refuse_plugin(where, fmt::format("backend {} claims no op set, so it is unfinished", manifest.name),
                  fmt::format("have it claim {} once it has all its kernels; {}", core_op_set, option));
  if (manifest.op_set != core_op_set)
    refuse_plugin(where,
                  fmt::format("backend {} claims op set {}, of which this plugrad knows nothing: it has {}",
                              manifest.name, manifest.op_set, core_op_set),
                  fmt::format("update plugrad or the plugin; {}", option));
  const Gaps gaps = find_gaps(staged);
  if (gaps.missing)
    refuse_plugin(where,
                  fmt::format("backend {} claims op set {} but lacks {} of its {} kernels: {}", manifest.name,
                              core_op_set, gaps.missing, gaps.required, fmt::join(gaps.ops, ", ")),
                  fmt::format("write them; {}", option));
}

}  // namespace plugrad::detail
