// The error state. "Sticky" is what the Programming Guide calls errors after which only ending the process
// helps.
#include "plugrad/tests/cuda_emulation/errors.h"

#include "plugrad/tests/cuda_emulation/settings.h"

namespace plugrad::cuda_emulation {
namespace {

thread_local cudaError_t last = cudaSuccess;
cudaError_t sticky = cudaSuccess;

}  // namespace

std::recursive_mutex& runtime_mutex() {
  static auto* const instance = new std::recursive_mutex;
  return *instance;
}

cudaError_t note(cudaError_t error) {
  if (error != cudaSuccess && error != cudaErrorNotReady) last = error;
  return error;
}

cudaError_t last_error(bool clear) {
  const cudaError_t error = last != cudaSuccess ? last : sticky;
  if (clear) last = cudaSuccess;
  return error;
}

void break_context(cudaError_t error) {
  if (sticky == cudaSuccess) sticky = error;
}

cudaError_t sticky_error() { return sticky; }

void clear_errors() { sticky = last = cudaSuccess; }

cudaError_t refusal(const char* call, Needs needs) {
  if (const auto injected = injected_failure(call)) return static_cast<cudaError_t>(*injected);
  if (needs == Needs::Nothing) return cudaSuccess;
  if (settings().driver < kRuntimeVersion) return cudaErrorInsufficientDriver;
  if (settings().devices == 0) return cudaErrorNoDevice;
  return sticky;
}

}  // namespace plugrad::cuda_emulation
