// Batches of matrix products are a call of cuBLAS each, forward and in each gradient, and operands are copied
// only where their strides leave no other way.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plugrad/ops/ops.h"
#include "plugrad/tests/cuda/emulation.h"

namespace plugrad::tests {
namespace {

struct Work {
  uint64_t calls, launches;  // of cuBLAS; of kernels
  bool operator==(const Work&) const = default;
};
std::ostream& operator<<(std::ostream& os, const Work& w) {
  return os << w.calls << " calls, " << w.launches << " launches";
}

class CudaProducts : public testing::Test {
 protected:
  void SetUp() override {
    PLUGRAD_NEEDS_EMULATION();
    load_backend("cuda");
  }
  Array ones(const Shape& shape) const { return plugrad::ones(shape, float32, parse_device("cuda")); }

  template <class F>
  static Work work_of(const F& f) {
    const Work before{emulation_counter("library_calls"), emulation_counter("launches")};
    f();
    return {emulation_counter("library_calls") - before.calls,
            emulation_counter("launches") - before.launches};
  }
  // Of the forward pass; of the backward pass beyond it, in both operands, with a gradient of the product
  // that lies as the product does.
  static Work forward(const Array& x, const Array& y) {
    return work_of([&] { matmul(x, y); });
  }
  Work backward(const Array& x, const Array& y) const {
    const Array dz = ones(matmul(x, y).shape());
    Work work{};
    Recording recording;
    const Array a = recording.leaf(x), b = recording.leaf(y);
    const Array loss = sum(matmul(a, b) * dz);
    work = work_of([&] { recording.backward(loss); });
    const Work beside = work_of_the_rest(dz);
    return {work.calls - beside.calls, work.launches - beside.launches};
  }

 private:
  // What the same walk costs without a product.
  Work work_of_the_rest(const Array& dz) const {
    Recording recording;
    const Array loss = sum(recording.leaf(ones(dz.shape())) * dz);
    return work_of([&] { recording.backward(loss); });
  }
};

TEST_F(CudaProducts, OfEqualBatchesAreOneCall) {
  const Array x = ones({50, 3, 4}), y = ones({50, 4, 5});
  EXPECT_EQ(forward(x, y), (Work{1, 0}));
  EXPECT_EQ(forward(transpose(ones({50, 4, 3})), transpose(ones({50, 5, 4}))), (Work{1, 0}));
  EXPECT_EQ(backward(x, y), (Work{2, 0}));
}

TEST_F(CudaProducts, OfABatchWithOneMatrixAreOneProduct) {
  const Array x = ones({50, 3, 4}), w = ones({4, 5});
  EXPECT_EQ(forward(x, w), (Work{1, 0}));
  EXPECT_EQ(backward(x, w), (Work{2, 0}));
  EXPECT_EQ(forward(x, ones({4})), (Work{1, 0}));
}

TEST_F(CudaProducts, WhoseStridesAreIrregularPointAtEachMatrix) {
  const Array x = ones({3, 4}), y = ones({50, 4, 5});
  EXPECT_EQ(forward(x, y), (Work{1, 1})) << "x at each: its stride would be 0";
  EXPECT_EQ(forward(ones({6, 1, 3, 4}), ones({1, 7, 4, 5})), (Work{1, 1}));
  EXPECT_EQ(forward(ones({50, 3, 4}), flip(y, 0)), (Work{1, 1}));
}

TEST_F(CudaProducts, SumOverABatchByOneLongProduct) {
  // dx is a sum over y's batch, whose matrices are brought side by side; dy points at x.
  EXPECT_EQ(backward(ones({3, 4}), ones({50, 4, 5})), (Work{2, 3}));
}

}  // namespace
}  // namespace plugrad::tests
