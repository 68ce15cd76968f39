// What the tests of the emulated libraries share: device buffers, and the reports that a test expects.
#pragma once

#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "plugrad/tests/cuda_emulation/control.h"

namespace plugrad::cuda_emulation {

// All reports so far, one a line.
inline std::string take_reports() {
  std::string all;
  char text[4096];
  while (cuda_emulation_take_report(text, sizeof text) > 0) all.append(text).append("\n");
  return all;
}

// Device memory for n elements; with values, or uninitialised.
template <class T>
class DeviceBuffer {
 public:
  explicit DeviceBuffer(size_t n) : size_(n) {
    EXPECT_EQ(cudaMalloc(reinterpret_cast<void**>(&data_), n * sizeof(T)), cudaSuccess);
  }
  explicit DeviceBuffer(const std::vector<T>& values) : DeviceBuffer(values.size()) { write(values); }
  DeviceBuffer(const DeviceBuffer&) = delete;
  DeviceBuffer& operator=(const DeviceBuffer&) = delete;
  ~DeviceBuffer() { free(); }

  T* get() const { return data_; }
  void free() {
    if (freed_) return;
    freed_ = true;
    EXPECT_EQ(cudaFree(data_), cudaSuccess);
  }
  void write(const std::vector<T>& values) {
    EXPECT_EQ(cudaMemcpy(data_, values.data(), values.size() * sizeof(T), cudaMemcpyHostToDevice),
              cudaSuccess);
  }
  std::vector<T> read() const {
    std::vector<T> values(size_);
    EXPECT_EQ(cudaMemcpy(values.data(), data_, size_ * sizeof(T), cudaMemcpyDeviceToHost), cudaSuccess);
    return values;
  }

 private:
  T* data_ = nullptr;
  size_t size_;
  bool freed_ = false;
};

// Small integers: sums of their products are exact in every type.
template <class T>
std::vector<T> small_integers(size_t n, uint32_t seed) {
  std::vector<T> values(n);
  for (T& value : values) {
    seed = seed * 1664525 + 1013904223;
    value = static_cast<T>(static_cast<int>(seed >> 28) - 8);
  }
  return values;
}

// A stream that does not wait for the default stream.
class NonBlockingStream {
 public:
  NonBlockingStream() { EXPECT_EQ(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), cudaSuccess); }
  NonBlockingStream(const NonBlockingStream&) = delete;
  NonBlockingStream& operator=(const NonBlockingStream&) = delete;
  ~NonBlockingStream() { EXPECT_EQ(cudaStreamDestroy(stream_), cudaSuccess); }
  operator cudaStream_t() const { return stream_; }

 private:
  cudaStream_t stream_ = nullptr;
};

// Work runs only when something waits for it, as long as this lives.
class LazyStreams {
 public:
  LazyStreams() { cuda_emulation_configure(nullptr, 0, 1); }
  LazyStreams(const LazyStreams&) = delete;
  LazyStreams& operator=(const LazyStreams&) = delete;
  ~LazyStreams() { cuda_emulation_configure(nullptr, 0, 0); }
};

// A test that ends with reports that it did not expect has failed.
class LibraryTest : public testing::Test {
 protected:
  void TearDown() override {
    EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
    EXPECT_EQ(take_reports(), "");
  }
  // Waits for the device, then takes the reports.
  static std::string reports_after_work() {
    cudaDeviceSynchronize();
    return take_reports();
  }
};

}  // namespace plugrad::cuda_emulation
