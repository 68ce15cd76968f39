// The suite's plan: each check becomes one GoogleTest case per op and backend, called <Check>.<op>/<backend>.
#pragma once

#include <gtest/gtest.h>

#include <source_location>
#include <string>
#include <vector>

#include "plugrad/core/backend.h"
#include "plugrad/core/registry.h"

namespace plugrad::conformance {

// What is checked of one op on one device. Failures and exceptions belong to the running GoogleTest case.
struct Check {
  const char* name;
  bool (*applies)(const Row& op);
  void (*run)(const Row& op, Device device);
};

// Adds a check to the plan; for static objects beside the check.
struct Registration {
  explicit Registration(const Check& check, std::source_location where = std::source_location::current());
};

// Makes the cases: every check, for every op that plugrad itself brings, on every backend found.
void register_cases();

// The ops under test.
std::vector<const Row*> ops_under_test();

// Where each check may apply.
bool every_op(const Row& op);
bool has_inputs(const Row& op);
bool has_kernel(const Row& op);  // not a view
bool is_differentiable(const Row& op);

// The first device of a backend, which is loaded if need be; PluginError where that fails.
Device device_of(const std::string& backend);
// The oracle's.
Device reference_device();

}  // namespace plugrad::conformance
