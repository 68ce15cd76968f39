// The timing table as it is printed and kept.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "plugrad/benchmarks/common/workloads.h"

namespace plugrad::benchmarks {

struct Measurement {
  const Workload* workload = nullptr;
  double warm_up = 0;           // seconds of the first, discarded run
  std::vector<double> seconds;  // of the runs that count
  double loss = 0;              // after the last
};

// Where and how the figures came about.
struct Circumstances {
  std::string date, commit, processor, backend;
  int threads = 1;
  std::string column = "Plugrad";
};

double minimum_of(const Measurement& m);
double median_of(const Measurement& m);

std::string to_markdown(const std::vector<Measurement>& rows, const Circumstances& c);
std::string to_json(const std::vector<Measurement>& rows, const Circumstances& c);

// The model name of the first processor, as the system gives it; "unknown" where it does not.
std::string processor_name();

}  // namespace plugrad::benchmarks
