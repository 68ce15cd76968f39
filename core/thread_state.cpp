#include "plugrad/core/thread_state.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <mutex>

#include "plugrad/core/array.h"
#include "plugrad/core/recorder.h"
#include "plugrad/core/tape_arena.h"

namespace plugrad::detail {

constinit thread_local ThreadState* thread_state_pointer = nullptr;

namespace {

// All threads that have a state, so that one can tell whether another is recording.
struct Threads {
  std::mutex mutex;
  ThreadState* first = nullptr;
};
Threads& threads() {
  static Threads& t = *new Threads;  // outlives the threads that end after main
  return t;
}

void* lend_workspace(void* self, size_t bytes) {
  try {
    ThreadState& t = *static_cast<ThreadState*>(self);
    Storage* s = allocate(t, t.workspace_device, bytes);
    s->next = t.workspace;
    t.workspace = s;
    return s->data;
  } catch (...) {
    return nullptr;
  }
}

void keep_message(void* self, const char* message) {
  ThreadState& t = *static_cast<ThreadState*>(self);
  std::strncpy(t.message, message, sizeof t.message - 1);
}

void discard(ThreadState& t) {
  release_host_cache();
  while (Body* b = t.free_bodies) {
    t.free_bodies = reinterpret_cast<Body*>(b->node);
    delete_body(b);
  }
  free_tape_chunks(t);
}

// Made on a thread's first use of the library; gives everything back when the thread ends. Arrays that are
// released later still, by other destructors of the thread, find a fresh state.
struct Owner {
  ThreadState* state = new ThreadState;
  Owner() {
    state->recorder = recorder_of_process();
    state->context = {sizeof(plugrad_context), 1, nullptr, state, lend_workspace, keep_message};
    std::lock_guard lock(threads().mutex);
    state->next_thread = threads().first;
    if (threads().first) threads().first->previous_thread = state;
    threads().first = state;
  }
  ~Owner() {
    {
      std::lock_guard lock(threads().mutex);
      (state->previous_thread ? state->previous_thread->next_thread : threads().first) = state->next_thread;
      if (state->next_thread) state->next_thread->previous_thread = state->previous_thread;
    }
    thread_state_pointer = state;  // for release_host_cache
    discard(*state);
    thread_state_pointer = nullptr;
    delete state;
  }
};

}  // namespace

ThreadState& make_thread_state() {
  static thread_local Owner owner;
  static thread_local bool ended = false;
  struct Mark {
    ~Mark() { ended = true; }
  };
  static thread_local Mark mark;
  if (ended) {  // after Owner's end: a small state that is never given back
    thread_state_pointer = new ThreadState;
    thread_state_pointer->context = {sizeof(plugrad_context), 1,           nullptr, thread_state_pointer,
                                     lend_workspace,          keep_message};
    return *thread_state_pointer;
  }
  thread_state_pointer = owner.state;
  return *owner.state;
}

bool is_live_epoch(uint64_t epoch) {
  std::lock_guard lock(threads().mutex);
  for (const ThreadState* t = threads().first; t; t = t->next_thread)
    if (t->tape_epoch.load(std::memory_order_relaxed) == epoch) return true;
  return false;
}

}  // namespace plugrad::detail
