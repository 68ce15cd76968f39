// Where a caching allocator has its memory from, and how it asks for order between streams: a table of
// functions, so that it knows no device.
#pragma once

#include <cstddef>

namespace plugrad::plugin {

// The functions get `self`, never throw, and may be called by several threads, though by one at a time for
// each allocator. Those that return an int return ok, out_of_memory (allocate alone), or any other number
// where the device failed. Functions marked optional may be null.
struct Upstream {
  static constexpr int ok = 0, out_of_memory = 1;

  const char* name = "device memory";  // for messages
  void* self = nullptr;

  // `bytes` of memory, aligned to 512 bytes at least.
  int (*allocate)(void* self, std::size_t bytes, void** data) = nullptr;
  void (*deallocate)(void* self, void* data) = nullptr;

  // An event is done when all work has been that `stream` had been given when it was recorded. It is valid
  // until forget, which may come before it is done, and while streams wait for it.
  int (*record)(void* self, void* stream, void** event) = nullptr;
  bool (*done)(void* self, void* event) = nullptr;  // false where that can't be told
  // Later work of `stream` starts only when the event is done. The caller does not wait.
  int (*wait)(void* self, void* stream, void* event) = nullptr;
  void (*forget)(void* self, void* event) = nullptr;
  // Returns when all work has been done that any stream was given before.
  int (*synchronize)(void* self) = nullptr;

  // Optional: how much memory the device has; false where that can't be told.
  bool (*memory_info)(void* self, std::size_t* free, std::size_t* total) = nullptr;
  // Optional: the library's text for a number that is neither ok nor out_of_memory.
  const char* (*describe)(void* self, int status) = nullptr;
  // Optional, for a checker of memory, which sees an allocator's segments but not the blocks in them:
  // `bytes`, as they were asked for, are handed out for work of `stream` or are back in the pool. What
  // `stream` was given before may still be under way; no other stream has work left that uses them.
  void (*handed_out)(void* self, void* data, std::size_t bytes, void* stream) = nullptr;
  void (*taken_back)(void* self, void* data, std::size_t bytes, void* stream) = nullptr;
};

}  // namespace plugrad::plugin
