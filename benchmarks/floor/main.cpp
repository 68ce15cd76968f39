// What the timing table's rows cost on this hardware when no framework stands between the model and the
// machine: the same data, initial values and updates, by code written for each model alone.
#include "plugrad/benchmarks/common/timing.h"
#include "plugrad/benchmarks/floor/rows.h"

int main(int argc, char** argv) {
  return plugrad::benchmarks::time_workloads(
      argc, argv,
      {.description = "Times the five models, each trained by code of its own.",
       .column = "floor",
       .by_ops = false,
       .workloads = plugrad::by_hand::make_workloads});
}
