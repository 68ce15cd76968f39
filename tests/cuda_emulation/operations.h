// Pieces of work given to the device (a kernel, a copy, a library call), and which of them are ordered by
// streams, events and the host: a vector clock with one entry per stream.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

namespace plugrad::cuda_emulation {

class VectorClock {
 public:
  void join(const VectorClock& other);
  void set(uint32_t stream, uint32_t n);
  bool has_seen(uint32_t stream, uint32_t n) const { return stream < seen_.size() && seen_[stream] >= n; }

 private:
  std::vector<uint32_t> seen_;
};

struct Operation {
  std::string name;
  uint32_t stream;    // the stream's entry in the clocks
  uint32_t number;    // within the stream
  VectorClock clock;  // all that is ordered before this, itself included
};

// The phases that one piece of work took, and whether it is ordered before the current one.
struct PhaseRange {
  uint32_t begin = 0;
  uint32_t end = 0;
  bool ordered = true;
  const std::string* name = nullptr;
};

// Which work ran when.
class OperationHistory {
 public:
  static OperationHistory& instance();

  void begin(std::shared_ptr<const Operation> operation, uint32_t phase);
  PhaseRange find(uint32_t phase) const;
  // What runs now; null on the host.
  const Operation* current() const { return current_.get(); }
  void end() { current_ = nullptr; }

 private:
  struct Entry {
    uint32_t phase;
    uint32_t stream;
    uint32_t number;
    const std::string* name;
  };
  std::vector<Entry> entries_;
  std::unordered_set<std::string> names_;
  std::shared_ptr<const Operation> current_;
};

}  // namespace plugrad::cuda_emulation
