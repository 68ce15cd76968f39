// The table has no holes: every op has samples, every backend of this suite a kernel in every cell, in its
// own library.
#include <dlfcn.h>

#include <algorithm>
#include <filesystem>

#include "plugrad/core/cells.h"
#include "plugrad/tests/conformance/calls.h"
#include "plugrad/tests/conformance/suite.h"

namespace plugrad::conformance {

namespace {

void check_samples(const Row& op, Device) {
  const std::vector<Sample>& samples = samples_of(op);
  EXPECT_FALSE(samples.empty()) << op.schema->name << " has no samples in its schema";
  for (size_t k = 0; k < samples.size(); ++k) {
    EXPECT_EQ(samples[k].attr.size(), size_t{op.n_attr}) << "sample " << k;
    const int n_in = static_cast<int>(samples[k].in.size());
    EXPECT_TRUE(op.schema->n_in < 0 ? n_in >= -op.schema->n_in : n_in == op.schema->n_in) << "sample " << k;
  }
}
const Registration samples({"Samples", every_op, check_samples});

// The file that a kernel was loaded from.
std::filesystem::path home_of(plugrad_kernel kernel) {
  Dl_info info{};
  if (!dladdr(reinterpret_cast<void*>(kernel), &info) || !info.dli_fname) return {};
  return std::filesystem::weakly_canonical(info.dli_fname);
}

void expect_own(plugrad_kernel kernel, const char* which, const BackendInfo& backend) {
  if (!kernel || backend.origin == "linked") return;
  EXPECT_EQ(home_of(kernel), std::filesystem::weakly_canonical(backend.origin))
      << "the " << which << " kernel belongs to another library";
}

void check_cell(const Row& op, Device device) {
  const std::string backend = detail::backend(device.backend).name;
  const std::vector<BackendInfo> all = loaded_backends();
  const auto info =
      std::find_if(all.begin(), all.end(), [&](const BackendInfo& b) { return b.name == backend; });
  ASSERT_NE(info, all.end());
  const Cell cell = op.cell(device.backend);
  const CellState forward = forward_state(*op.schema, cell), gradient = gradient_state(*op.schema, cell);
  EXPECT_TRUE(forward == CellState::kernel || forward == CellState::view)
      << "forward: " << to_string(forward);
  EXPECT_TRUE(gradient == CellState::kernel || gradient == CellState::trivial || gradient == CellState::none)
      << "gradient: " << to_string(gradient);
  expect_own(cell.forward, "forward", *info);
  expect_own(cell.gradient, "gradient", *info);
}
const Registration cells({"Cell", every_op, check_cell});

}  // namespace

}  // namespace plugrad::conformance
