// The suite's entry: its cases are known only when the registry and the plugin folders have been read. With
// --golden-cases [<op>...] it prints the calls that golden values are wanted for.
#include <exception>
#include <iostream>
#include <string_view>

#include "plugrad/tests/conformance/golden.h"
#include "plugrad/tests/conformance/suite.h"

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  try {
    if (argc > 1 && std::string_view(argv[1]) == "--golden-cases") {
      plugrad::conformance::write_golden_cases(std::cout, {argv + 2, argv + argc});
      return 0;
    }
    plugrad::conformance::register_cases();
  } catch (const std::exception& e) {
    std::cerr << "conformance: the cases cannot be listed: " << e.what() << '\n';
    return 1;
  }
  return RUN_ALL_TESTS();
}
