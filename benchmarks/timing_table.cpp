// Reproduces the timing table: five models, trained as the slides had it.
#include "plugrad/benchmarks/common/timing.h"

int main(int argc, char** argv) {
  using namespace plugrad::benchmarks;
  return time_workloads(
      argc, argv,
      {.description = "Times the five models.", .column = "Plugrad", .workloads = make_workloads});
}
