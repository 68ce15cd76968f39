// The rows of the timing table, trained by hand: what make_workloads of common/ is for the framework.
#pragma once

#include "plugrad/benchmarks/common/workloads.h"

namespace plugrad::by_hand {

// As benchmarks::make_workloads. Where the folder of initial values has a losses.json, the first updates of
// each row are held against it; Error where they are not the same.
std::vector<benchmarks::Workload> make_workloads(const std::vector<std::string>& names,
                                                 const benchmarks::WorkloadOptions& options);

}  // namespace plugrad::by_hand
