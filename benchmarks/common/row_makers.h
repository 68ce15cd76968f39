// Making the rows of the timing table that are named on the command line, whoever trains them.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "plugrad/benchmarks/common/workloads.h"
#include "plugrad/core/error.h"

namespace plugrad::benchmarks {

using RowMaker = std::pair<const char*, Workload (*)(const WorkloadOptions&)>;

// The rows named, none: all, in the order of the makers; Error for an unknown name.
inline std::vector<Workload> make_rows(const std::array<RowMaker, 5>& makers,
                                       const std::vector<std::string>& names,
                                       const WorkloadOptions& options) {
  for (const std::string& name : names)
    if (std::none_of(makers.begin(), makers.end(), [&](const RowMaker& m) { return name == m.first; }))
      throw Error(name + ": no such row; there are LinReg, Softmax, MLP, LeNet, CharLM");
  std::vector<Workload> rows;
  for (const auto& [name, make] : makers)
    if (names.empty() || std::find(names.begin(), names.end(), name) != names.end())
      rows.push_back(make(options));
  return rows;
}

}  // namespace plugrad::benchmarks
