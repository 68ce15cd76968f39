// Calls of kernels through the C boundary: the context that they get, and what becomes of their failures.
#pragma once

#include "plugrad/core/backend.h"
#include "plugrad/core/recorder.h"
#include "plugrad/core/registry.h"
#include "plugrad/core/small_array.h"

namespace plugrad::detail {

[[noreturn]] PLUGRAD_COLD void throw_status(int32_t status, std::string_view what, const char* message);
// Retries once with the caches emptied where memory ran out, else throws.
PLUGRAD_COLD void after_failure(ThreadState& t, const Row& op, Device device, plugrad_kernel kernel,
                                const plugrad_call& call, int32_t status);
PLUGRAD_COLD void release_workspace(ThreadState& t);
// Before a kernel that enqueues its work: on which stream, and after what.
PLUGRAD_COLD void enter_device(ThreadState& t, Device device, const plugrad_call& call);

inline void run(ThreadState& t, const Row& op, Device device, plugrad_kernel kernel,
                const plugrad_call& call) {
  t.context.threads = thread_limit.load(std::memory_order_relaxed);
  t.workspace_device = device;
  if (!on_host(device)) [[unlikely]]
    enter_device(t, device, call);
  const int32_t status = t.recorder ? t.recorder->run(op, device, kernel, call) : kernel(&call);
  if (t.workspace) [[unlikely]]
    release_workspace(t);
  if (status != PLUGRAD_OK) [[unlikely]]
    after_failure(t, op, device, kernel, call, status);
}

// The tensors of a call.
using TensorList = SmallArray<const DLTensor*, 8>;

}  // namespace plugrad::detail
