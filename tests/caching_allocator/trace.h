// Traces: what a training asked of its device's memory, as text. A line is
//
//   a <id> <bytes>   allocates
//   f <id>           deallocates; the id may then stand for another block
//   step             a step of training begins; what comes before makes the model and its data
#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

namespace plugrad::tests {

struct TraceLine {
  enum Kind { allocate, deallocate, step } kind;
  uint32_t id = 0;
  size_t bytes = 0;
};

// Throws std::runtime_error, naming file and line, where it is not a trace.
std::vector<TraceLine> read_trace(const std::string& file);

}  // namespace plugrad::tests
