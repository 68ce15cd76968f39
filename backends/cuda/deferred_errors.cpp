#include "plugrad/backends/cuda/deferred_errors.h"

#include <string>

#include "plugrad/backends/cuda/device_memory.h"
#include "plugrad/backends/cuda/devices.h"
#include "plugrad/backends/cuda/status.h"

namespace plugrad::cuda {

namespace {

void clear(Stream& s) {
  check(cudaMemsetAsync(s.index_error, 0, sizeof(IndexError), s.handle), "cudaMemsetAsync");
}

const char* name(Things things) {
  switch (things) {
    case Things::Rows:
      return "rows";
    case Things::Classes:
      return "classes";
    case Things::Elements:
      break;
  }
  return "elements";
}

std::string text(const IndexError& e) {
  const std::string row = "row " + std::to_string(e.index) + " of the weights has ";
  switch (e.flaw) {
    case Flaw::OutOfRange:
      break;
    case Flaw::BadWeight:
      return row + "one that is negative or not finite";
    case Flaw::NoSum:
      return row + "no finite sum above 0";
    case Flaw::FewWeights:
      return row + "but " + std::to_string(e.length) + " above 0";
  }
  return "index " + std::to_string(e.index) + " out of range for " + std::to_string(e.length) + " " +
         name(e.things);
}

}  // namespace

IndexError* index_errors(const plugin::Call&) {
  const int ordinal = current_device();
  Stream& s = stream_of(ordinal);
  if (!s.index_error) {
    s.index_error =
        static_cast<IndexError*>(device_memory(ordinal).device.allocate(s.handle, sizeof(IndexError)));
    clear(s);
  }
  s.may_have_failed = true;
  return s.index_error;
}

void throw_deferred_errors(int ordinal, Stream& s) {
  if (!s.may_have_failed) return;
  plugin::CachingAllocator& pinned = device_memory(ordinal).pinned;
  auto* const copied = static_cast<IndexError*>(pinned.allocate(s.handle, sizeof(IndexError)));
  const cudaError_t copying =
      cudaMemcpyAsync(copied, s.index_error, sizeof(IndexError), cudaMemcpyDeviceToHost, s.handle);
  const cudaError_t waiting = cudaStreamSynchronize(s.handle);
  const IndexError error = copying == cudaSuccess && waiting == cudaSuccess ? *copied : IndexError{};
  pinned.deallocate(copied);
  check(copying, "cudaMemcpyAsync");
  check(waiting, "cudaStreamSynchronize");
  s.may_have_failed = false;
  if (!error.found) return;
  clear(s);
  throw plugin::Failure(PLUGRAD_BAD_SHAPE, text(error) + ", found in work enqueued before");
}

}  // namespace plugrad::cuda
