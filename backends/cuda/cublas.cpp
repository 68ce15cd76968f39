// One handle for each stream, with workspace of its own: "bit-wise reproducibility" across runs needs that as
// soon as a process uses several streams, says cuBLAS's manual in 2.1.4, Results Reproducibility.
#include "plugrad/backends/cuda/cublas.h"

#include "plugrad/backends/cuda/device_memory.h"
#include "plugrad/backends/cuda/per_stream.h"
#include "plugrad/backends/cuda/status.h"

namespace plugrad::cuda {

namespace {

// What cuBLAS's manual recommends for cublasSetWorkspace.
size_t workspace_bytes(int device) {
  int major = 0;
  check(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device), "cudaDeviceGetAttribute");
  return size_t{major >= 9 ? 32U : 4U} << 20;
}

class Cublas {
 public:
  Cublas(int device, cudaStream_t stream) : memory_(device_memory(device).device) {
    check(cublasCreate(&handle_), "cublasCreate");
    try {
      set_up(device, stream);
    } catch (...) {
      release();
      throw;
    }
  }
  Cublas(const Cublas&) = delete;
  Cublas& operator=(const Cublas&) = delete;
  ~Cublas() { release(); }

  cublasHandle_t handle() const { return handle_; }

 private:
  void set_up(int device, cudaStream_t stream) {
    const size_t bytes = workspace_bytes(device);
    workspace_ = memory_.allocate(stream, bytes);
    check(cublasSetStream(handle_, stream), "cublasSetStream");  // forgets the workspace, hence first
    check(cublasSetWorkspace(handle_, workspace_, bytes), "cublasSetWorkspace");
    check(cublasSetPointerMode(handle_, CUBLAS_POINTER_MODE_HOST), "cublasSetPointerMode");
    check(cublasSetAtomicsMode(handle_, CUBLAS_ATOMICS_NOT_ALLOWED), "cublasSetAtomicsMode");
    // At least the mantissa and exponent of the type that is asked for; the pedantic mode would add nothing
    // but slower kernels.
    check(cublasSetMathMode(handle_, CUBLAS_DEFAULT_MATH), "cublasSetMathMode");
  }
  void release() noexcept {
    cublasDestroy(handle_);  // waits for the work that uses the workspace
    memory_.deallocate(workspace_);
  }

  plugin::CachingAllocator& memory_;
  cublasHandle_t handle_ = nullptr;
  void* workspace_ = nullptr;
};

}  // namespace

cublasHandle_t cublas(const plugin::Call& c) {
  static auto& handles = *new PerStream<Cublas>;
  return handles.of(c).handle();
}

}  // namespace plugrad::cuda
