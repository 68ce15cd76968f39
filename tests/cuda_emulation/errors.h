// The error state of CUDA: the last error of each host thread, and the sticky error of a broken context.
#pragma once

#include <cuda_runtime_api.h>

#include <mutex>

#include "plugrad/tests/cuda_emulation/faults.h"

namespace plugrad::cuda_emulation {

// Guards the whole emulation: one host thread at a time executes or changes it.
std::recursive_mutex& runtime_mutex();

// Notes a failure as this thread's last error, and returns it. Success changes nothing.
cudaError_t note(cudaError_t error);
cudaError_t last_error(bool clear);

// An error of the device's own work: everything fails with it until the device is reset.
void break_context(cudaError_t error);
cudaError_t sticky_error();
void clear_errors();

enum class Needs { Nothing, Device };

// What every call is refused with, whatever its arguments: an injected failure, no usable device, a broken
// context.
cudaError_t refusal(const char* call, Needs needs);

// A call of the runtime API.
template <class Body>
cudaError_t api(const char* call, Needs needs, Body&& body) {
  const std::lock_guard lock(runtime_mutex());
  const cudaError_t refused = refusal(call, needs);
  return note(refused != cudaSuccess ? refused : body());
}

template <class Body>
cudaError_t api(const char* call, Body&& body) {
  return api(call, Needs::Device, body);
}

}  // namespace plugrad::cuda_emulation
