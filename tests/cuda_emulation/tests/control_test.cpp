// The settings, the control functions, and several host threads at once.
#include <dlfcn.h>

#include <cstdlib>
#include <cstring>
#include <thread>

#include "plugrad/tests/cuda_emulation/control.h"
#include "plugrad/tests/cuda_emulation/tests/emulation_test.h"
#include "plugrad/tests/cuda_emulation/tests/kernels.h"

namespace {

class Control : public EmulationTest {};

TEST_F(Control, IsFoundByName) {
  for (const char* name : {"cuda_emulation_take_report", "cuda_emulation_counter", "cuda_emulation_configure",
                           "cuda_emulation_fail", "cuda_emulation_sub_allocate", "cuda_emulation_sub_free"})
    EXPECT_NE(dlsym(RTLD_DEFAULT, name), nullptr) << name;
}

TEST_F(Control, Counters) {
  const auto difference = [](const char* name, auto f) {
    const uint64_t before = cuda_emulation_counter(name);
    f();
    return cuda_emulation_counter(name) - before;
  };
  const DeviceArray<float> x(random_numbers(64)), out(64);
  const auto launch = [&] { kernels::add(x.get(), x.get(), out.get(), 64, nullptr); };
  EXPECT_EQ(difference("launches", launch), 1);
  EXPECT_EQ(difference("synchronisations", launch), 0);
  EXPECT_GT(difference("instructions", [&] { launch(), cudaDeviceSynchronize(); }), 64u);
  EXPECT_EQ(difference("synchronisations", [] { cudaDeviceSynchronize(); }), 1);
  EXPECT_EQ(difference("synchronisations", [&] { out.values(); }), 1);
  EXPECT_EQ(difference("allocations", [] { DeviceArray<float> y(1); }), 1);
  EXPECT_EQ(difference("frees", [] { DeviceArray<float> y(1); }), 1);
  EXPECT_EQ(difference("copies", [&] { out.values(); }), 1);
  EXPECT_EQ(cuda_emulation_counter("unheard of"), 0);
}

TEST_F(Control, FaultInjection) {
  cuda_emulation_fail("cudaMalloc", 2, cudaErrorMemoryAllocation);
  void* p = nullptr;
  void* q = nullptr;
  EXPECT_EQ(cudaMalloc(&p, 16), cudaSuccess);
  EXPECT_EQ(cudaMalloc(&q, 16), cudaErrorMemoryAllocation);
  EXPECT_EQ(cudaGetLastError(), cudaErrorMemoryAllocation);
  EXPECT_EQ(cudaMalloc(&q, 16), cudaSuccess);
  cudaFree(p);
  cudaFree(q);
  cuda_emulation_fail("cudaLaunchKernel", 1, cudaErrorLaunchOutOfResources);
  const DeviceArray<float> x(random_numbers(64)), out(64);
  kernels::add(x.get(), x.get(), out.get(), 64, nullptr);
  EXPECT_EQ(cudaGetLastError(), cudaErrorLaunchOutOfResources);
}

TEST_F(Control, MemoryHasAnEnd) {
  size_t available = 0, total = 0;
  ASSERT_EQ(cudaMemGetInfo(&available, &total), cudaSuccess);
  void* p = nullptr;
  EXPECT_EQ(cudaMalloc(&p, available + 256), cudaErrorMemoryAllocation);
  EXPECT_EQ(p, nullptr);
  EXPECT_EQ(cudaGetLastError(), cudaErrorMemoryAllocation);
  ASSERT_EQ(cudaMalloc(&p, 1 << 20), cudaSuccess);
  size_t less = 0;
  ASSERT_EQ(cudaMemGetInfo(&less, &total), cudaSuccess);
  EXPECT_EQ(available - less, 1u << 20);
  cudaFree(p);
}

TEST_F(Control, StickyErrorsLastUntilTheReset) {
  {
    const DeviceArray<float> x(random_numbers(1024)), out(std::vector<float>(1024, 0));
    kernels::planted("trapped", x.get(), out.get(), 1024);
    EXPECT_EQ(cudaDeviceSynchronize(), cudaErrorLaunchFailure);
    void* p = nullptr;
    EXPECT_EQ(cudaMalloc(&p, 16), cudaErrorLaunchFailure);
    expect_report("trap");
  }
  EXPECT_EQ(cudaDeviceReset(), cudaSuccess);
  const DeviceArray<float> x(random_numbers(64)), out(64);
  kernels::add(x.get(), x.get(), out.get(), 64, nullptr);
  EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  const DeviceArray<float> four(4);
  kernels::use_symbols(four.get(), nullptr);  // its variables have new addresses
  EXPECT_EQ(four.values()[3], 44);
}

TEST_F(Control, ErrorTexts) {
  EXPECT_STREQ(cudaGetErrorName(cudaErrorIllegalAddress), "cudaErrorIllegalAddress");
  EXPECT_STREQ(cudaGetErrorString(cudaErrorIllegalAddress), "an illegal memory access was encountered");
}

TEST_F(Control, PropertiesAndAttributes) {
  cudaDeviceProp properties;
  ASSERT_EQ(cudaGetDeviceProperties(&properties, 0), cudaSuccess);
  int major = 0, optin = 0;
  EXPECT_EQ(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, 0), cudaSuccess);
  EXPECT_EQ(cudaDeviceGetAttribute(&optin, cudaDevAttrMaxSharedMemoryPerBlockOptin, 0), cudaSuccess);
  EXPECT_EQ(major, properties.major);
  EXPECT_EQ(optin, major == 7 ? 64 << 10 : 227 << 10);
  EXPECT_EQ(cudaSetDevice(7), cudaErrorInvalidDevice);
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidDevice);
  cudaFuncAttributes attributes;
  ASSERT_EQ(kernels::attributes(&attributes), cudaSuccess);
  EXPECT_EQ(attributes.sharedSizeBytes, 32u * 33 * 4);
  EXPECT_EQ(attributes.ptxVersion, 10 * properties.major + properties.minor);
  int blocks = 0;
  ASSERT_EQ(kernels::occupancy(&blocks, 1024, 0), cudaSuccess);
  EXPECT_EQ(blocks, major == 7 ? 1 : 2);
}

TEST_F(Control, HostThreadsWithStreamsOfTheirOwn) {
  in_every_order([] {
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([] {
        cudaStream_t stream;
        ASSERT_EQ(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), cudaSuccess);
        const DeviceArray<float> x(std::vector<float>(300, 1)), y(300), z(300);
        EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
        for (int round = 0; round < 10; ++round) {
          kernels::add(x.get(), x.get(), y.get(), 300, stream);
          kernels::add(y.get(), x.get(), z.get(), 300, stream);
        }
        EXPECT_EQ(cudaStreamSynchronize(stream), cudaSuccess);
        EXPECT_EQ(z.values(), std::vector<float>(300, 3));
        EXPECT_EQ(cudaStreamDestroy(stream), cudaSuccess);
      });
    for (std::thread& thread : threads) thread.join();
  });
}

// The settings are read once: each case is a process of its own.
using Settings = EmulationTest;

template <class F>
void in_new_process(const char* name, const char* value, F f) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";  // a copy of this process has read them already
  EXPECT_EXIT(
      {
        setenv(name, value, 1);
        f();
        std::exit(testing::Test::HasFailure() ? 1 : 0);
      },
      testing::ExitedWithCode(0), "");
}

TEST_F(Settings, NoDevice) {
  in_new_process("CUDA_EMULATION_DEVICES", "0", [] {
    int n = -1;
    EXPECT_EQ(cudaGetDeviceCount(&n), cudaErrorNoDevice);
    EXPECT_EQ(n, -1);
    void* p = nullptr;
    EXPECT_EQ(cudaMalloc(&p, 16), cudaErrorNoDevice);
  });
}

TEST_F(Settings, OldDriver) {
  in_new_process("CUDA_EMULATION_DRIVER", "12080", [] {
    int n = -1;
    EXPECT_EQ(cudaDriverGetVersion(&n), cudaSuccess);
    EXPECT_EQ(n, 12080);
    EXPECT_EQ(cudaGetDeviceCount(&n), cudaErrorInsufficientDriver);
  });
}

TEST_F(Settings, OldDevice) {
  in_new_process("CUDA_EMULATION_CAPABILITY", "6.1", [] {
    const DeviceArray<float> x(random_numbers(64)), out(64);
    kernels::add(x.get(), x.get(), out.get(), 64, nullptr);
    EXPECT_EQ(cudaGetLastError(), cudaErrorNoKernelImageForDevice);
  });
}

TEST_F(Settings, TwoDevices) {
  in_new_process("CUDA_EMULATION_DEVICES", "2", [] {
    int n = 0;
    EXPECT_EQ(cudaGetDeviceCount(&n), cudaSuccess);
    EXPECT_EQ(n, 2);
    EXPECT_EQ(cudaSetDevice(1), cudaSuccess);
    const DeviceArray<float> x(random_numbers(64));
    cudaPointerAttributes attributes;
    EXPECT_EQ(cudaPointerGetAttributes(&attributes, x.get()), cudaSuccess);
    EXPECT_EQ(attributes.device, 1);
  });
}

TEST_F(Settings, LittleMemory) {
  in_new_process("CUDA_EMULATION_MEMORY", "65536", [] {
    void* p = nullptr;
    EXPECT_EQ(cudaMalloc(&p, 65536), cudaSuccess);
    EXPECT_EQ(cudaMalloc(&p, 1), cudaErrorMemoryAllocation);
  });
}

}  // namespace
