// The handles of a library that are alive: using one after its end is the caller's mistake, and reported.
#pragma once

#include <mutex>
#include <set>

#include "plugrad/tests/cuda_emulation/reports.h"

namespace plugrad::cuda_emulation {

// `Context` is what a handle points to; it has a member `device`, where the handle was created.
template <class Context>
class Handles {
 public:
  Context* create(Context context) {
    auto* handle = new Context(context);
    const std::lock_guard lock(mutex_);
    alive_.insert(handle);
    return handle;
  }

  // False, after a report, if it is not alive.
  bool destroy(Context* handle) {
    {
      const std::lock_guard lock(mutex_);
      if (alive_.erase(handle)) {
        delete handle;
        return true;
      }
    }
    report("destroyed-handle", "a handle is destroyed that is not alive");
    return false;
  }

  // Whether `call` may use the handle on `current_device`; says so if not.
  bool usable(Context* handle, int current_device, const char* call) {
    const std::lock_guard lock(mutex_);
    if (!alive_.contains(handle)) {
      report("destroyed-handle", "{} gets a handle that is not alive", call);
      return false;
    }
    // cuBLAS 2.1.2: a context "is tightly coupled with the CUDA context that is current at the time of the
    // cublasCreate() call"; cuDNN says the same of cudnnCreate().
    if (handle->device != current_device)
      report("wrong-device", "{} on device {} gets a handle that was created on device {}", call,
             current_device, handle->device);
    return true;
  }

 private:
  std::mutex mutex_;
  std::set<Context*> alive_;
};

}  // namespace plugrad::cuda_emulation
