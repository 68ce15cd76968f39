// The clocks, and the list of all the work that ran.
#include "plugrad/tests/cuda_emulation/operations.h"

#include <algorithm>
#include <limits>

namespace plugrad::cuda_emulation {

void VectorClock::join(const VectorClock& other) {
  if (seen_.size() < other.seen_.size()) seen_.resize(other.seen_.size());
  for (size_t i = 0; i < other.seen_.size(); ++i) seen_[i] = std::max(seen_[i], other.seen_[i]);
}

void VectorClock::set(uint32_t stream, uint32_t n) {
  if (seen_.size() <= stream) seen_.resize(stream + 1);
  seen_[stream] = n;
}

OperationHistory& OperationHistory::instance() {
  static auto* const instance = new OperationHistory;
  return *instance;
}

void OperationHistory::begin(std::shared_ptr<const Operation> operation, uint32_t phase) {
  const std::string* name = &*names_.insert(operation->name).first;
  entries_.push_back({phase, operation->stream, operation->number, name});
  current_ = std::move(operation);
}

PhaseRange OperationHistory::find(uint32_t phase) const {
  auto next = std::upper_bound(entries_.begin(), entries_.end(), phase,
                               [](uint32_t p, const Entry& entry) { return p < entry.phase; });
  if (next == entries_.begin()) return {0, phase + 1, true, nullptr};
  const Entry& entry = *(next - 1);
  const uint32_t end = next == entries_.end() ? std::numeric_limits<uint32_t>::max() : next->phase;
  const bool ordered = !current_ || current_->clock.has_seen(entry.stream, entry.number);
  return {entry.phase, end, ordered, entry.name};
}

}  // namespace plugrad::cuda_emulation
