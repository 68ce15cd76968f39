// The op set core-1 is a promise to authors of backends: its list stands in core_1.txt. Until ABI 1.0 it may
// grow, by adding to that file; from then on a new primitive says `since = 2` and belongs to core-2.
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "plugrad/core/cells.h"
#include "plugrad/ops/ops.h"

namespace plugrad {
namespace {

// "exp forward gradient", by name.
std::vector<std::string> kernels_wanted(int op_set) {
  std::vector<std::string> lines;
  for (const Row* op : all_ops()) {
    const OpSchema& s = *op->schema;
    if (owner_of(*op) != "plugrad" || !needs_forward_kernel(s) || s.since > op_set) continue;
    lines.push_back(std::string(s.name) + (needs_gradient_kernel(s) ? " forward gradient" : " forward"));
  }
  return lines;
}

TEST(OpSet, CoreOneIsWhatItsListSays) {
  std::ifstream file(PLUGRAD_CORE_1);
  ASSERT_TRUE(file) << PLUGRAD_CORE_1;
  std::vector<std::string> listed;
  for (std::string line; std::getline(file, line);)
    if (!line.empty() && line[0] != '#') listed.push_back(line);
  EXPECT_EQ(kernels_wanted(1), listed);
}

}  // namespace
}  // namespace plugrad
