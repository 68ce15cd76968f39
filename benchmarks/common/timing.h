// A program that times rows of the timing table: its options, its measurements, the table that it prints and
// writes as Markdown and JSON.
//
// Timed is the training alone, ended by a synchronisation of the device: neither reading data, nor making
// batches, nor evaluation. A first run of each row warms up and is reported apart.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "plugrad/benchmarks/common/workloads.h"

namespace plugrad::benchmarks {

struct TimedProgram {
  std::string description;  // for --help
  std::string column;       // what the table calls its figures
  bool by_ops = true;       // whether what is timed runs on a backend, with as many threads as wanted
  // make_workloads, or what is like it.
  std::function<std::vector<Workload>(const std::vector<std::string>&, const WorkloadOptions&)> workloads;
};

// The whole of such a program. Returns its exit code.
int time_workloads(int argc, char** argv, const TimedProgram& program);

}  // namespace plugrad::benchmarks
