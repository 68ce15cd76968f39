// Running an example from its command line to its exit code.
#include "plugrad/examples/common/run_example.h"

#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <iostream>

#include "plugrad/core/device.h"
#include "plugrad/ops/generator.h"

namespace plugrad::examples {

int run_example(int argc, char** argv, const std::function<void(int, char**)>& body) {
  try {
    body(argc, argv);
    return 0;
  } catch (const std::exception& e) {  // plugrad::Error, or no memory
    fmt::print(stderr, "error: {}\n", e.what());
    return 1;
  }
}

int run_example(int argc, char** argv, const std::string& description, const Options& defaults,
                const std::function<void(const Options&)>& body) {
  Options options = defaults;
  if (const auto code = parse_options(argc, argv, description, options, std::cout, std::cerr)) return *code;
  std::cout << description << "\noptions: " << to_command_line(options) << std::endl;
  return run_example(argc, argv, [&](int, char**) {
    if (!options.backend.empty()) set_default_device(options.backend);
    set_seed(options.seed);
    body(options);
  });
}

}  // namespace plugrad::examples
