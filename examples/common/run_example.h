// The frame around every example's training: options before it, errors after it.
#pragma once

#include <functional>
#include <string>

#include "plugrad/examples/common/options.h"

namespace plugrad::examples {

// Calls `body` and returns 0, or prints the message of an exception to standard error and returns 1.
int run_example(int argc, char** argv, const std::function<void(int, char**)>& body);

// Reads the options, prints them, makes the backend the default one, seeds the random numbers and calls
// `body`. Returns the exit code: 0; 1 after an exception, its message printed to standard error; CLI11's
// after a mistake in the options.
int run_example(int argc, char** argv, const std::string& description, const Options& defaults,
                const std::function<void(const Options&)>& body);

}  // namespace plugrad::examples
