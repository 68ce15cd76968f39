#include "plugrad/core/op_set.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdlib>

#include "plugrad/core/cells.h"

namespace plugrad::detail {

namespace {

constexpr std::string_view core_owner = "plugrad";
constexpr int newest = 1;
std::string op_set_name(int number) { return fmt::format("core-{}", number); }
// Its number; 0: not one of ours.
int number_of(std::string_view op_set) {
  for (int k = 1; k <= newest; ++k)
    if (op_set == op_set_name(k)) return k;
  return 0;
}

constexpr const char* incomplete_variable = "PLUGRAD_ALLOW_INCOMPLETE";

struct Gaps {
  std::vector<std::string> ops;   // "mul (gradient)"
  int missing = 0, required = 0;  // cells, forward and gradient counted apart
};

Gaps find_gaps(const Staged& staged, int op_set) {
  Gaps gaps;
  for (const Row* row : all_ops()) {
    if (!needs_forward_kernel(*row->schema) || owner_of(*row) != core_owner) continue;
    if (row->schema->since > op_set) continue;
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
    refuse_plugin(
        where, fmt::format("backend {} claims no op set, so it is unfinished", manifest.name),
        fmt::format("have it claim {} once it has all its kernels; {}", op_set_name(newest), option));
  const int op_set = number_of(manifest.op_set);
  if (!op_set)
    refuse_plugin(where,
                  fmt::format("backend {} claims op set {}, of which this plugrad knows nothing: it has {}",
                              manifest.name, manifest.op_set, op_set_name(newest)),
                  fmt::format("update plugrad or the plugin; {}", option));
  const Gaps gaps = find_gaps(staged, op_set);
  if (gaps.missing)
    refuse_plugin(where,
                  fmt::format("backend {} claims op set {} but lacks {} of its {} kernels: {}", manifest.name,
                              manifest.op_set, gaps.missing, gaps.required, fmt::join(gaps.ops, ", ")),
                  fmt::format("write them; {}", option));
}

}  // namespace plugrad::detail
