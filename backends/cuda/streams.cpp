#include "plugrad/backends/cuda/streams.h"

#include <array>
#include <memory>
#include <mutex>
#include <vector>

#include "plugrad/backends/cuda/devices.h"
#include "plugrad/backends/cuda/status.h"

namespace plugrad::cuda {

namespace {

// Streams that no thread uses.
struct Spare {
  std::mutex mutex;
  std::array<std::vector<Stream*>, max_devices> streams;
};
Spare& spare() {
  static Spare& s = *new Spare;  // threads may end after static objects are gone
  return s;
}

struct ThreadStreams {
  std::array<Stream*, max_devices> of{};
  ~ThreadStreams() {
    Spare& s = spare();
    std::lock_guard lock(s.mutex);
    for (size_t i = 0; i < of.size(); ++i)
      if (of[i]) s.streams[i].push_back(of[i]);
  }
};
thread_local ThreadStreams thread_streams;

Stream* take_stream(size_t ordinal) {
  Spare& s = spare();
  std::lock_guard lock(s.mutex);
  std::vector<Stream*>& streams = s.streams[ordinal];
  if (!streams.empty()) {
    Stream* const taken = streams.back();
    streams.pop_back();
    return taken;
  }
  streams.reserve(streams.capacity() + 1);  // so that giving it back cannot fail
  auto made = std::make_unique<Stream>();
  // It must not wait for the legacy default stream, which other libraries may use.
  check(cudaStreamCreateWithFlags(&made->handle, cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
  return made.release();
}

}  // namespace

Stream& stream_of(int ordinal) {
  select_device(ordinal);
  Stream*& own = thread_streams.of[static_cast<size_t>(ordinal)];
  if (!own) own = take_stream(static_cast<size_t>(ordinal));
  return *own;
}

}  // namespace plugrad::cuda
