// What each thread owns: its tape, its free lists. Reached through eight bytes of initial-exec storage: a
// plain thread_local object costs a wrapper call per access, a large one keeps a second copy of the library
// from loading.
#pragma once

#include <atomic>
#include <cstdint>

#include "plugrad/core/abi.h"
#include "plugrad/core/device.h"
#include "plugrad/core/export.h"

namespace plugrad {

struct Body;
struct Node;
struct Storage;

namespace detail {

inline constexpr uint64_t not_recording = 1;  // arrays carry 0 or the epoch of a tape; never 1
inline constexpr int n_bins = 192;

struct TapeChunk;
class Recorder;

struct ThreadState {
  uint64_t epoch = not_recording;  // an array with this epoch is on the live tape
  Node* last = nullptr;            // newest node of the tape
  char *arena = nullptr, *arena_end = nullptr;
  uint32_t depth = 0, seq = 0;                       // of nested recordings; of nodes on this tape
  std::atomic<uint64_t> tape_epoch = not_recording;  // of the tape, also while no_grad masks `epoch`
  bool training = false;
  bool compose_gradients = false;
  Recorder* recorder = nullptr;  // of the profile that is being made
  Body* free_bodies = nullptr;
  int64_t n_free_bodies = 0;
  Storage* free_blocks[n_bins] = {};
  int64_t cached_bytes = 0;
  TapeChunk *chunks = nullptr, *chunk = nullptr;
  plugrad_context context{};     // handed to kernels
  Storage* workspace = nullptr;  // blocks lent to the running kernel
  Device workspace_device{};
  char message[512] = {};  // of a kernel that is about to return a failure
  int64_t upstream_allocations = 0;
  ThreadState *next_thread = nullptr, *previous_thread = nullptr;
};

extern PLUGRAD_PUBLIC constinit thread_local ThreadState* thread_state_pointer
    __attribute__((tls_model("initial-exec")));
PLUGRAD_PUBLIC PLUGRAD_COLD ThreadState& make_thread_state();

inline ThreadState& thread_state() {
  ThreadState* p = thread_state_pointer;
  if (!p) [[unlikely]]
    return make_thread_state();
  return *p;
}

// Is this the epoch of a tape that some thread is recording on right now?
bool is_live_epoch(uint64_t epoch);

}  // namespace detail
}  // namespace plugrad
