// The five rows of the timing table: what is trained, on what, from which values.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace plugrad::benchmarks {

// One row. The functions share its data and its model.
struct Workload {
  std::string name, dataset;
  int epochs = 0, batch = 0, updates = 0;
  std::string substitute;             // what stands in for the data set; empty: nothing
  std::function<void()> reset = {};   // back to the initial values
  std::function<void()> train = {};   // the whole training of the row
  std::function<double()> loss = {};  // mean loss over the training data, now
};

struct WorkloadOptions {
  std::string data = {};    // where data sets are; empty: searched for
  std::string golden = {};  // folder of .npy files with initial values; empty: drawn from seed 1
};

// Loads the data of the rows named ("LinReg", "Softmax", "MLP", "LeNet", "CharLM"; none: all), onto the
// default device. DataError as the data sets; Error for an unknown name.
std::vector<Workload> make_workloads(const std::vector<std::string>& names, const WorkloadOptions& options);

}  // namespace plugrad::benchmarks
