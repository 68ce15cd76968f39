// The suite's entry: its cases are known only when the registry and the plugin folders have been read.
#include <exception>
#include <iostream>

#include "plugrad/tests/conformance/suite.h"

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  try {
    plugrad::conformance::register_cases();
  } catch (const std::exception& e) {
    std::cerr << "conformance: the cases cannot be listed: " << e.what() << '\n';
    return 1;
  }
  return RUN_ALL_TESTS();
}
