// What a library keeps for the work of one stream: its handle, and what goes with it.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "plugrad/backends/cuda/devices.h"
#include "plugrad/backends/cuda/streams.h"

namespace plugrad::cuda {

// One State for each device and stream, made when it is first asked for. A stream serves one thread at a
// time, so a State is never used by two, and work on what it holds is in the stream's order. To be leaked:
// NVIDIA's libraries cannot be shut down safely while a process ends.
template <class State>
class PerStream {
 public:
  // State(int device, cudaStream_t stream) may throw; then the next call tries again.
  State& of(const plugin::Call& c) {
    const std::pair key(current_device(), stream(c));
    const std::lock_guard lock(mutex_);
    std::unique_ptr<State>& state = states_[key];
    if (!state) state = std::make_unique<State>(key.first, key.second);
    return *state;
  }

 private:
  std::mutex mutex_;
  std::map<std::pair<int, cudaStream_t>, std::unique_ptr<State>> states_;
};

}  // namespace plugrad::cuda
