#include "plugrad/tests/conformance/suite.h"

#include <algorithm>

namespace plugrad::conformance {

namespace {

constexpr const char* oracle = "reference";

struct Planned {
  Check check;
  std::source_location where;
};
std::vector<Planned>& plan() {
  static std::vector<Planned> checks;
  return checks;
}

class Case : public ::testing::Test {
 public:
  Case(const Check& check, const Row& op, std::string backend)
      : check_(check), op_(op), backend_(std::move(backend)) {}
  void TestBody() override { check_.run(op_, device_of(backend_)); }

 private:
  const Check& check_;
  const Row& op_;
  std::string backend_;
};

void register_case(const Planned& p, const Row& op, const std::string& backend) {
  ::testing::RegisterTest(
      p.check.name, (std::string(op.schema->name) + "/" + backend).c_str(), nullptr, nullptr,
      p.where.file_name(), static_cast<int>(p.where.line()),
      [&p, &op, backend]() -> ::testing::Test* { return new Case(p.check, op, backend); });
}

TEST(Backends, CpuAndReferenceAreFound) {
  const std::vector<std::string> found = available_backends();
  for (const char* wanted : {"cpu", oracle})
    EXPECT_EQ(std::count(found.begin(), found.end(), wanted), 1) << "no plugin of backend " << wanted;
}

TEST(Ops, AreRegistered) { EXPECT_FALSE(ops_under_test().empty()); }

}  // namespace

Registration::Registration(const Check& check, std::source_location where) {
  plan().push_back({check, where});
}

void register_cases() {
  const std::vector<std::string> backends = available_backends();
  for (const Planned& p : plan())
    for (const Row* op : ops_under_test())
      if (p.check.applies(*op))
        for (const std::string& backend : backends) register_case(p, *op, backend);
}

std::vector<const Row*> ops_under_test() {
  std::vector<const Row*> ops;
  for (const Row* op : all_ops())
    if (owner_of(*op) == "plugrad") ops.push_back(op);
  return ops;
}

bool every_op(const Row&) { return true; }
bool has_inputs(const Row& op) { return op.schema->n_in != 0; }
bool has_kernel(const Row& op) { return op.kind != OpKind::view; }
bool is_differentiable(const Row& op) {
  return op.schema->differentiability == Differentiability::differentiable;
}

Device device_of(const std::string& backend) {
  load_backend(backend);
  return parse_device(backend);
}

Device reference_device() { return device_of(oracle); }

}  // namespace plugrad::conformance
