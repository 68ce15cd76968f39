// Which backends the tests that run on several are for.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "plugrad/core/storage.h"

namespace plugrad::tests {

// Those of PLUGRAD_TEST_BACKENDS, separated by commas; else cpu and reference.
inline std::vector<std::string> backends_under_test() {
  const char* wanted = std::getenv("PLUGRAD_TEST_BACKENDS");
  std::istringstream text(wanted ? wanted : "cpu,reference");
  std::vector<std::string> backends;
  for (std::string name; std::getline(text, name, ',');) backends.push_back(name);
  return backends;
}

inline std::string backend_name(const testing::TestParamInfo<std::string>& backend) { return backend.param; }

}  // namespace plugrad::tests

// For tests that write through a pointer of the host.
#define PLUGRAD_NEEDS_HOST_MEMORY()                         \
  if (!plugrad::detail::on_host(plugrad::default_device())) \
  GTEST_SKIP() << "the arrays are not in host memory"
