// One compute stream for each thread and device: what a thread enqueues is done in its order, and threads do
// not wait for each other.
#pragma once

#include <cuda_runtime_api.h>

#include "plugrad/core/plugin.hpp"

namespace plugrad::cuda {

struct IndexError;

struct Stream {
  cudaStream_t handle = nullptr;
  IndexError* index_error = nullptr;  // in device memory; see deferred_errors.h
  bool may_have_failed = false;       // a kernel that writes there was enqueued
};

// The calling thread's stream of a device, which is selected too. Streams of threads that have ended serve
// later threads; none is ever destroyed, so that memory stays bound to them. Throws Failure.
Stream& stream_of(int ordinal);

// The stream that a kernel is to enqueue its work on.
inline cudaStream_t stream(const plugin::Call& c) { return static_cast<cudaStream_t>(c.stream()); }

}  // namespace plugrad::cuda
