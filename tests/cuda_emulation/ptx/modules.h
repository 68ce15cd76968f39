// What nvcc's host code has registered: fat binaries, kernels and variables. Nothing is read until it is
// used.
#pragma once

#include <cuda_runtime_api.h>

#include <memory>
#include <string>
#include <vector>

#include "plugrad/tests/cuda_emulation/ptx/module.h"

namespace plugrad::cuda_emulation::ptx {

struct FatBinary {
  const void* container = nullptr;
  std::unique_ptr<Module> module;
  uint32_t architecture = 0;  // of the PTX that was chosen
};

struct Kernel {
  FatBinary* binary = nullptr;
  std::string name;
  int max_dynamic_shared = 48 << 10;
};

FatBinary* register_binary(const void* container);
void unregister_binary(FatBinary* binary);
void register_kernel(FatBinary* binary, const void* host, std::string name);
void register_variable(FatBinary* binary, const void* host, std::string name);

// Null: no kernel is registered for this address.
Kernel* find_kernel(const void* host);
Kernel* as_kernel(cudaKernel_t handle);

// The function, parsed; what is not supported is reported with its name, and cudaErrorInvalidPtx comes back.
cudaError_t load(Kernel& kernel, const Function*& function);
// The address on the device, and the size.
cudaError_t find_symbol(const void* host, uint64_t& address, uint64_t& bytes);

void forget_modules();  // the device was reset

}  // namespace plugrad::cuda_emulation::ptx
