// What the tests of the emulation share: reports as a list, arrays on the device, and lines of the planted
// mistakes.
#pragma once

#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

// All reports not yet taken.
std::vector<std::string> take_reports();

// "kernels_planted.cu:17", for the line that ends in "// BUG name".
std::string planted_line(const std::string& name);

// Leaves no report and no error behind, and fails when a test does.
class EmulationTest : public testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;
  // One of the reports has this kind, and contains the text.
  static void expect_report(const std::string& kind, const std::string& text = "");
  // Block orders and stream modes, each with its own trace.
  template <class F>
  static void in_every_order(F f);

  static void configure(const char* order, bool lazy);
  static void restore();
};

template <class F>
void EmulationTest::in_every_order(F f) {
  for (const char* order : {"forward", "reverse", "random"})
    for (const bool lazy : {false, true}) {
      SCOPED_TRACE(testing::Message() << order << (lazy ? ", lazy" : ", eager"));
      configure(order, lazy);
      f();
    }
  restore();
}

template <class T>
class DeviceArray {
 public:
  explicit DeviceArray(size_t n) : n_(n) {
    EXPECT_EQ(cudaMalloc(reinterpret_cast<void**>(&p_), n * sizeof(T)), cudaSuccess);
  }
  explicit DeviceArray(const std::vector<T>& values) : DeviceArray(values.size()) {
    EXPECT_EQ(cudaMemcpy(p_, values.data(), n_ * sizeof(T), cudaMemcpyHostToDevice), cudaSuccess);
  }
  ~DeviceArray() { cudaFree(p_); }
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;

  T* get() const { return p_; }
  std::vector<T> values() const {
    std::vector<T> values(n_);
    EXPECT_EQ(cudaMemcpy(values.data(), p_, n_ * sizeof(T), cudaMemcpyDeviceToHost), cudaSuccess);
    return values;
  }

 private:
  T* p_ = nullptr;
  size_t n_;
};

std::vector<float> random_numbers(size_t n, float low = -1, float high = 1);
