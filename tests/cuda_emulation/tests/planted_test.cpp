// Planted mistakes of every kind: each is caught, under its name and at its line.
#include <thread>

#include "plugrad/tests/cuda_emulation/control.h"
#include "plugrad/tests/cuda_emulation/tests/emulation_test.h"
#include "plugrad/tests/cuda_emulation/tests/kernels.h"

namespace {

struct Mistake {
  const char* name;
  const char* kind;
  cudaError_t error = cudaSuccess;  // what the next synchronisation returns
};

std::ostream& operator<<(std::ostream& out, const Mistake& m) { return out << m.name; }

class PlantedKernel : public EmulationTest, public testing::WithParamInterface<Mistake> {};

TEST_P(PlantedKernel, IsCaught) {
  const Mistake& mistake = GetParam();
  in_every_order([&] {
    {
      const DeviceArray<float> x(random_numbers(1024)), out(std::vector<float>(1024, 0));
      kernels::planted(mistake.name, x.get(), out.get(), 1024);
      const cudaError_t launch = cudaGetLastError();
      const cudaError_t error = cudaDeviceSynchronize();
      EXPECT_EQ(mistake.error, launch != cudaSuccess ? launch : error);
      expect_report(mistake.kind, planted_line(mistake.name));
      cuda_emulation_clear_error();
    }
  });
}

constexpr Mistake kMistakes[] = {
    {"past_the_end", "out-of-bounds", cudaErrorIllegalAddress},
    {"inlined", "out-of-bounds", cudaErrorIllegalAddress},
    {"missing_syncthreads", "race"},
    {"missing_syncwarp", "race"},
    {"shuffle_is_no_barrier", "race"},
    {"write_after_read", "race"},
    {"read_beside_atomic", "race"},
    {"race_between_blocks", "race"},
    {"racing_bytes", "race"},
    {"uninitialised_shared", "shared-uninitialised"},
    {"shared_past_the_end", "shared-out-of-bounds", cudaErrorIllegalAddress},
    {"dynamic_shared_past_the_end", "shared-out-of-bounds", cudaErrorIllegalAddress},
    {"divergent_barrier", "barrier-divergence"},
    {"barrier_after_exit", "barrier-exit"},
    {"inactive_lane", "inactive-lane"},
    {"wrong_mask", "warp-mask"},
    {"deadlock", "deadlock", cudaErrorLaunchTimeout},
    {"misaligned", "misaligned", cudaErrorMisalignedAddress},
    {"local_past_the_end", "local-out-of-bounds", cudaErrorIllegalAddress},
    {"failed_assert", "device-assert", cudaErrorAssert},
    {"trapped", "trap", cudaErrorLaunchFailure},
    {"division_by_zero", "division-by-zero"},
    {"unsupported", "unsupported", cudaErrorInvalidPtx},
};
INSTANTIATE_TEST_SUITE_P(All, PlantedKernel, testing::ValuesIn(kMistakes),
                         [](const auto& test) { return test.param.name; });

class Planted : public EmulationTest {
 protected:
  void expect_copy(const std::string& kind, const float* x, cudaError_t error = cudaErrorIllegalAddress) {
    const DeviceArray<float> out(1024);
    kernels::planted("copy", x, out.get(), 1024);
    EXPECT_EQ(cudaDeviceSynchronize(), error);
    expect_report(kind, planted_line("copy"));
    cuda_emulation_clear_error();
  }
};

TEST_F(Planted, EndlessLoop) {
  const DeviceArray<float> x(1), out(std::vector<float>(1, 0));
  kernels::planted("endless_wait", x.get(), out.get(), 1);
  EXPECT_EQ(cudaDeviceSynchronize(), cudaErrorLaunchTimeout);
  expect_report("timeout", "endless_wait");
  cuda_emulation_clear_error();
}

TEST_F(Planted, UninitialisedMemory) {
  expect_copy("uninitialised", DeviceArray<float>(1024).get(), cudaSuccess);
}

TEST_F(Planted, FreedMemory) {
  float* p = nullptr;
  {
    const DeviceArray<float> x(random_numbers(1024));
    p = x.get();
  }
  expect_copy("use-after-free", p);
}

TEST_F(Planted, HostPointer) {
  const std::vector<float> host(1024);
  expect_copy("host-pointer", host.data());
}

TEST_F(Planted, BlockOfACachingAllocator) {
  const DeviceArray<float> x(random_numbers(1024));
  cuda_emulation_sub_free(x.get(), 256, nullptr);
  expect_copy("use-after-free", x.get());
  cuda_emulation_sub_allocate(x.get(), 256, nullptr);
  expect_copy("uninitialised", x.get(), cudaSuccess);
}

TEST_F(Planted, WorkMayFinishAfterItsBlockWentBack) {
  configure("forward", true);
  const DeviceArray<float> x(random_numbers(1024)), out(1024);
  kernels::planted("copy", x.get(), out.get(), 1024);
  cuda_emulation_sub_free(x.get(), 4096, nullptr);
  EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  EXPECT_EQ(take_reports(), std::vector<std::string>{});
  kernels::planted("copy", x.get(), out.get(), 1024);
  EXPECT_EQ(cudaDeviceSynchronize(), cudaErrorIllegalAddress);
  expect_report("use-after-free");
  cuda_emulation_clear_error();
  restore();
}

TEST_F(Planted, SubAllocationOutsideOfAllocations) {
  const DeviceArray<float> x(16);
  cuda_emulation_sub_free(x.get(), 65, nullptr);
  expect_report("bad-sub-allocation", "cuda_emulation_sub_free");
}

TEST_F(Planted, LaunchConfiguration) {
  const DeviceArray<float> x(random_numbers(64)), out(64);
  kernels::add(x.get(), x.get(), out.get(), 0, nullptr);
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidConfiguration);
  expect_report("bad-launch", "grid (0,1,1)");
  kernels::use_dynamic_shared(out.get(), 60 << 10, nullptr);
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidValue);
  expect_report("bad-launch", "61440 bytes");
  EXPECT_EQ(kernels::allow_dynamic_shared(60 << 10), cudaSuccess);
  kernels::use_dynamic_shared(out.get(), 60 << 10, nullptr);
  EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
}

TEST_F(Planted, Free) {
  const DeviceArray<float> x(64);
  EXPECT_EQ(cudaFree(x.get() + 1), cudaErrorInvalidValue);
  expect_report("bad-free", "byte 4 of the 256 bytes");
  void* p = nullptr;
  ASSERT_EQ(cudaMalloc(&p, 16), cudaSuccess);
  EXPECT_EQ(cudaFree(p), cudaSuccess);
  EXPECT_EQ(cudaFree(p), cudaErrorInvalidValue);
  expect_report("bad-free", "freed allocation");
}

TEST_F(Planted, Copies) {
  const DeviceArray<float> x(8);
  std::vector<float> host(9);
  EXPECT_EQ(cudaMemcpy(host.data(), x.get(), 32, cudaMemcpyDeviceToHost), cudaSuccess);
  expect_report("uninitialised", "cudaMemcpy");
  EXPECT_EQ(cudaMemcpy(x.get(), host.data(), 36, cudaMemcpyHostToDevice), cudaErrorInvalidValue);
  expect_report("out-of-bounds", "cudaMemcpy");
  EXPECT_EQ(cudaMemcpy(host.data(), x.get(), 32, cudaMemcpyHostToDevice), cudaErrorInvalidValue);
  expect_report("host-pointer", "cudaMemcpy");
  EXPECT_EQ(cudaMemcpy2D(x.get(), 16, host.data(), 16, 16, 3, cudaMemcpyHostToDevice), cudaErrorInvalidValue);
  expect_report("out-of-bounds", "cudaMemcpy2D");
}

TEST_F(Planted, DestroyedStreamsAndEvents) {
  const DeviceArray<float> x(random_numbers(1024)), out(1024);
  cudaStream_t stream;
  ASSERT_EQ(cudaStreamCreate(&stream), cudaSuccess);
  ASSERT_EQ(cudaStreamDestroy(stream), cudaSuccess);
  kernels::planted("copy", x.get(), out.get(), 1024, stream);
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidResourceHandle);
  expect_report("bad-stream", "destroyed");
  cudaEvent_t event;
  ASSERT_EQ(cudaEventCreate(&event), cudaSuccess);
  ASSERT_EQ(cudaEventDestroy(event), cudaSuccess);
  EXPECT_EQ(cudaEventRecord(event, nullptr), cudaErrorInvalidResourceHandle);
  expect_report("bad-event", "destroyed");
}

class TwoStreams : public EmulationTest {
 protected:
  void SetUp() override {
    EmulationTest::SetUp();
    for (cudaStream_t* s : {&a_, &b_})
      ASSERT_EQ(cudaStreamCreateWithFlags(s, cudaStreamNonBlocking), cudaSuccess);
  }
  void TearDown() override {
    for (cudaStream_t s : {a_, b_}) cudaStreamDestroy(s);
    restore();
    EmulationTest::TearDown();
  }
  cudaStream_t a_ = nullptr;
  cudaStream_t b_ = nullptr;
};

TEST_F(TwoStreams, MissingWait) {
  in_every_order([&] {
    const DeviceArray<float> x(std::vector<float>(64, 1)), y(64), z(64);
    kernels::add(x.get(), x.get(), y.get(), 64, a_);
    kernels::add(y.get(), y.get(), z.get(), 64, b_);
    EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
    expect_report("stream-race", "another stream");
  });
}

TEST_F(TwoStreams, MissingWaitBeforeOverwriting) {
  in_every_order([&] {
    const DeviceArray<float> x(std::vector<float>(64, 1)), y(64);
    kernels::add(x.get(), x.get(), y.get(), 64, a_);
    EXPECT_EQ(cudaMemsetAsync(x.get(), 0, 256, b_), cudaSuccess);
    EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
    expect_report("stream-race", "another stream");
  });
}

TEST_F(TwoStreams, OrderedByEventsAndByTheHost) {
  in_every_order([&] {
    cudaEvent_t event;
    ASSERT_EQ(cudaEventCreateWithFlags(&event, cudaEventDisableTiming), cudaSuccess);
    const DeviceArray<float> x(std::vector<float>(64, 1)), y(64), z(64), w(64);
    kernels::add(x.get(), x.get(), y.get(), 64, a_);
    EXPECT_EQ(cudaEventRecord(event, a_), cudaSuccess);
    EXPECT_EQ(cudaStreamWaitEvent(b_, event, 0), cudaSuccess);
    kernels::add(y.get(), y.get(), z.get(), 64, b_);
    EXPECT_EQ(cudaStreamSynchronize(b_), cudaSuccess);
    kernels::add(z.get(), z.get(), w.get(), 64, a_);
    EXPECT_EQ(cudaEventRecord(event, a_), cudaSuccess);
    cudaError_t status;
    while ((status = cudaEventQuery(event)) == cudaErrorNotReady) {
    }
    EXPECT_EQ(status, cudaSuccess);
    EXPECT_EQ(w.values(), std::vector<float>(64, 8));
    EXPECT_EQ(cudaEventDestroy(event), cudaSuccess);
  });
}

TEST_F(TwoStreams, TheDefaultStreamOrdersBlockingStreams) {
  in_every_order([&] {
    cudaStream_t blocking;
    ASSERT_EQ(cudaStreamCreate(&blocking), cudaSuccess);
    const DeviceArray<float> x(std::vector<float>(64, 1)), y(64), z(64), w(64);
    kernels::add(x.get(), x.get(), y.get(), 64, blocking);
    kernels::add(y.get(), y.get(), z.get(), 64, nullptr);
    kernels::add(z.get(), z.get(), w.get(), 64, blocking);
    EXPECT_EQ(w.values(), std::vector<float>(64, 8));
    EXPECT_EQ(cudaStreamDestroy(blocking), cudaSuccess);
  });
}

TEST_F(TwoStreams, PinnedBuffers) {
  in_every_order([&] {
    float* host = nullptr;
    ASSERT_EQ(cudaMallocHost(reinterpret_cast<void**>(&host), 256), cudaSuccess);
    std::fill(host, host + 64, 1.0f);
    const DeviceArray<float> x(64);
    EXPECT_EQ(cudaMemcpyAsync(x.get(), host, 256, cudaMemcpyHostToDevice, a_), cudaSuccess);
    host[3] = 9;
    EXPECT_EQ(cudaStreamSynchronize(a_), cudaSuccess);
    expect_report("pinned-reuse");
    EXPECT_EQ(cudaMemcpyAsync(x.get(), host, 256, cudaMemcpyHostToDevice, a_), cudaSuccess);
    EXPECT_EQ(cudaStreamSynchronize(a_), cudaSuccess);
    host[3] = 10;
    EXPECT_EQ(take_reports(), std::vector<std::string>{});
    EXPECT_EQ(cudaMemcpyAsync(host, x.get(), 256, cudaMemcpyDeviceToHost, a_), cudaSuccess);
    EXPECT_EQ(cudaFreeHost(host), cudaSuccess);
    expect_report("pinned-free");
  });
}

using HostAccess = EmulationTest;

TEST_F(HostAccess, ReadAndWriteEndTheProcess) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  const DeviceArray<float> x(random_numbers(64));
  EXPECT_EXIT(static_cast<void>(*static_cast<volatile float*>(x.get())), testing::ExitedWithCode(97),
              "host-deref");
  EXPECT_EXIT(x.get()[3] = 1, testing::ExitedWithCode(97), "host-deref");
}

TEST_F(HostAccess, AReportNobodyTookEndsTheProcess) {
  EXPECT_EXIT(
      {
        cudaFree(reinterpret_cast<void*>(8));
        std::exit(0);
      },
      testing::ExitedWithCode(97), "bad-free");
}

}  // namespace
