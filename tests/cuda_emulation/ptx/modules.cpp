// The registry, the choice of the PTX, and parsing on first use.
#include "plugrad/tests/cuda_emulation/ptx/modules.h"

#include <algorithm>
#include <unordered_map>

#include "plugrad/tests/cuda_emulation/demangle.h"
#include "plugrad/tests/cuda_emulation/ptx/fat_binary.h"
#include "plugrad/tests/cuda_emulation/reports.h"
#include "plugrad/tests/cuda_emulation/settings.h"

namespace plugrad::cuda_emulation::ptx {
namespace {

struct VariableName {
  FatBinary* binary;
  std::string name;
};

struct Registry {
  std::vector<std::unique_ptr<FatBinary>> binaries;
  std::unordered_map<const void*, std::unique_ptr<Kernel>> kernels;  // by the address of the host's stub
  std::unordered_map<const void*, Kernel*> handles;                  // every kernel there is
  std::unordered_map<const void*, VariableName> variables;
};

Registry& registry() {
  static auto* const instance = new Registry;
  return *instance;
}

// "the highest architecture not above the device's", which the driver's compiler takes as well.
cudaError_t open(FatBinary& binary) {
  if (binary.module) return cudaSuccess;
  const std::vector<PtxImage> images = find_ptx_images(binary.container);
  const PtxImage* best = nullptr;
  for (const PtxImage& image : images)
    if (static_cast<int>(image.architecture) <= settings().capability &&
        (!best || image.architecture > best->architecture))
      best = &image;
  if (!best) return cudaErrorNoKernelImageForDevice;
  binary.module = std::make_unique<Module>(read_ptx(*best));
  binary.architecture = best->architecture;
  return cudaSuccess;
}

}  // namespace

FatBinary* register_binary(const void* container) {
  auto& all = registry().binaries;
  all.push_back(std::make_unique<FatBinary>());
  all.back()->container = container;
  return all.back().get();
}

// The library is unloaded: its stubs' addresses may belong to another one soon.
void unregister_binary(FatBinary* binary) {
  std::erase_if(registry().handles, [&](const auto& entry) { return entry.second->binary == binary; });
  std::erase_if(registry().kernels, [&](const auto& entry) { return entry.second->binary == binary; });
  std::erase_if(registry().variables, [&](const auto& entry) { return entry.second.binary == binary; });
  std::erase_if(registry().binaries, [&](const auto& entry) { return entry.get() == binary; });
}

void register_kernel(FatBinary* binary, const void* host, std::string name) {
  auto kernel = std::make_unique<Kernel>();
  kernel->binary = binary;
  kernel->name = std::move(name);
  registry().handles[kernel.get()] = kernel.get();
  registry().kernels[host] = std::move(kernel);
}

void register_variable(FatBinary* binary, const void* host, std::string name) {
  registry().variables[host] = {binary, std::move(name)};
}

Kernel* find_kernel(const void* host) {
  auto it = registry().kernels.find(host);
  return it == registry().kernels.end() ? nullptr : it->second.get();
}

Kernel* as_kernel(cudaKernel_t handle) {
  auto it = registry().handles.find(handle);
  return it == registry().handles.end() ? nullptr : it->second;
}

cudaError_t load(Kernel& kernel, const Function*& function) {
  try {
    if (const cudaError_t error = open(*kernel.binary); error != cudaSuccess) return error;
    function = kernel.binary->module->function(kernel.name);
    return function ? cudaSuccess : cudaErrorInvalidDeviceFunction;
  } catch (const Unsupported& error) {
    report("unsupported", "{}: {}", demangle(kernel.name), error.what());
    return cudaErrorInvalidPtx;
  }
}

cudaError_t find_symbol(const void* host, uint64_t& address, uint64_t& bytes) {
  auto it = registry().variables.find(host);
  if (it == registry().variables.end()) return cudaErrorInvalidSymbol;
  try {
    if (const cudaError_t error = open(*it->second.binary); error != cudaSuccess) return error;
    Module& module = *it->second.binary->module;
    Module::Variable* variable = module.variable(it->second.name);
    if (!variable) return cudaErrorInvalidSymbol;
    address = module.address(*variable);
    bytes = variable->declaration.bytes;
    return cudaSuccess;
  } catch (const Unsupported& error) {
    report("unsupported", "variable {}: {}", it->second.name, error.what());
    return cudaErrorInvalidPtx;
  }
}

void forget_modules() {
  for (const auto& binary : registry().binaries)
    if (binary->module) binary->module->forget();
}

}  // namespace plugrad::cuda_emulation::ptx
