// What is behind a cudaStream_t and a cudaEvent_t.
#pragma once

#include <cuda_runtime_api.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "plugrad/tests/cuda_emulation/operations.h"

namespace plugrad::cuda_emulation {

struct Stream;

// Work of another stream that has to run first.
struct Dependency {
  Stream* stream;
  uint32_t number;
};

struct PendingOperation {
  std::shared_ptr<const Operation> operation;
  std::function<void()> work;
  std::vector<Dependency> dependencies;
};

struct Stream {
  uint32_t index = 0;  // in the clocks
  int device = 0;
  bool blocking = true;  // waits for the legacy default stream, and is waited for
  bool live = true;
  unsigned flags = 0;
  int priority = 0;
  uint32_t enqueued = 0;
  uint32_t done = 0;
  VectorClock clock;
  std::deque<PendingOperation> pending;
  std::vector<Dependency> waits;  // of the next operation: cudaStreamWaitEvent
};

struct Event {
  bool live = true;
  bool timed = true;
  bool blocking_sync = false;
  bool recorded = false;
  Stream* stream = nullptr;
  uint32_t number = 0;
  VectorClock clock;
  std::shared_ptr<std::chrono::steady_clock::time_point> reached;
};

// Null for a handle that is no live stream or event; what is wrong is reported. `call` names the user.
Stream* find_stream(cudaStream_t handle, const char* call);
Event* find_event(cudaEvent_t handle, const char* call);

cudaStream_t create_stream(unsigned flags, int priority, int device);
void destroy_stream(Stream* stream);
cudaEvent_t create_event(unsigned flags);

struct Enqueued {
  uint32_t stream;
  uint32_t number;
};

Enqueued enqueue_on(Stream& stream, std::function<void()> work, std::string name);
void record(Event& event, Stream& stream);
void wait(Stream& stream, const Event& event);

// Runs what the host waits for; afterwards the host is ordered behind it.
void drain(Stream& stream);
void drain(const Event& event);
void drain_all();
void drop_pending();            // what a broken context will never run
void progress(Stream& stream);  // a host that polls sees the device get on: runs one piece of work
bool is_done(const Stream& stream);
bool is_done(const Event& event);
void host_joins(const VectorClock& clock);

// Whether the host has waited for this work.
bool host_has_seen(Enqueued work);

}  // namespace plugrad::cuda_emulation
