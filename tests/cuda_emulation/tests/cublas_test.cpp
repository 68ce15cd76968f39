// The emulated cuBLAS: its products against plain loops, and every misuse that it has to catch.
#include <cublas_v2.h>
#include <gmock/gmock.h>

#include <bit>
#include <cmath>
#include <limits>
#include <memory>
#include <type_traits>

#include "plugrad/tests/cuda_emulation/tests/library_test.h"

namespace plugrad::cuda_emulation {
namespace {

using testing::HasSubstr;

class CublasTest : public LibraryTest {
 protected:
  CublasTest() { EXPECT_EQ(cublasCreate(&handle_), CUBLAS_STATUS_SUCCESS); }
  ~CublasTest() override { EXPECT_EQ(cublasDestroy(handle_), CUBLAS_STATUS_SUCCESS); }
  cublasHandle_t handle_ = nullptr;
};

// One product of small matrices, all good until a test spoils it.
template <class T>
struct Product {
  cublasOperation_t op_a = CUBLAS_OP_N, op_b = CUBLAS_OP_N;
  int m = 3, n = 4, k = 5, lda = 6, ldb = 7, ldc = 8;
  T alpha = 1, beta = 0;
  std::vector<T> a = small_integers<T>(64, 1), b = small_integers<T>(64, 2), c = small_integers<T>(64, 3);

  T op_a_at(int i, int p) const {
    return a[static_cast<size_t>(op_a == CUBLAS_OP_N ? i + p * lda : p + i * lda)];
  }
  T op_b_at(int p, int j) const {
    return b[static_cast<size_t>(op_b == CUBLAS_OP_N ? p + j * ldb : j + p * ldb)];
  }

  std::vector<T> expected() const {
    std::vector<T> z = c;
    for (int j = 0; j < n; ++j)
      for (int i = 0; i < m; ++i) {
        T sum = 0;
        for (int p = 0; p < k; ++p) sum += op_a_at(i, p) * op_b_at(p, j);
        T& element = z[static_cast<size_t>(i + j * ldc)];
        element = alpha * sum + (beta != T(0) ? beta * element : T(0));
      }
    return z;
  }
};

cublasStatus_t gemm(cublasHandle_t h, const Product<float>& p, const float* a, const float* b, float* c) {
  return cublasSgemm(h, p.op_a, p.op_b, p.m, p.n, p.k, &p.alpha, a, p.lda, b, p.ldb, &p.beta, c, p.ldc);
}
cublasStatus_t gemm(cublasHandle_t h, const Product<double>& p, const double* a, const double* b, double* c) {
  return cublasDgemm(h, p.op_a, p.op_b, p.m, p.n, p.k, &p.alpha, a, p.lda, b, p.ldb, &p.beta, c, p.ldc);
}

template <class T>
std::vector<T> product(cublasHandle_t handle, const Product<T>& p) {
  DeviceBuffer<T> a(p.a), b(p.b), c(p.c);
  EXPECT_EQ(gemm(handle, p, a.get(), b.get(), c.get()), CUBLAS_STATUS_SUCCESS);
  return c.read();
}

template <class T>
void check_all_operations(cublasHandle_t handle) {
  for (const auto op_a : {CUBLAS_OP_N, CUBLAS_OP_T, CUBLAS_OP_C})
    for (const auto op_b : {CUBLAS_OP_N, CUBLAS_OP_T, CUBLAS_OP_C})
      for (const T beta : {T(0), T(1), T(-2)}) {
        const Product<T> p = {.op_a = op_a, .op_b = op_b, .alpha = 3, .beta = beta};
        EXPECT_EQ(product(handle, p), p.expected()) << op_a << op_b << beta;
      }
}

TEST_F(CublasTest, ProductsOfFloat32EqualPlainLoops) { check_all_operations<float>(handle_); }
TEST_F(CublasTest, ProductsOfFloat64EqualPlainLoops) { check_all_operations<double>(handle_); }

TEST_F(CublasTest, ManyColumnsAreSummedInBlocks) {
  Product<double> p = {.m = 40, .n = 3, .k = 1000, .lda = 40, .ldb = 1000, .ldc = 40};
  p.a = small_integers<double>(40 * 1000, 1);
  p.b = small_integers<double>(1000 * 3, 2);
  p.c.assign(120, 0);
  EXPECT_EQ(product(handle_, p), p.expected());
}

TEST_F(CublasTest, EmptyProducts) {
  EXPECT_EQ(product(handle_, Product<float>{.m = 0}), Product<float>{.m = 0}.expected());
  EXPECT_EQ(product(handle_, Product<float>{.n = 0}), Product<float>{.n = 0}.expected());
  const Product<float> p = {.k = 0, .beta = 2};
  EXPECT_EQ(product(handle_, p), p.expected());
}

TEST_F(CublasTest, ResultIsNotReadWhereBetaIsZero) {
  Product<float> p;
  const auto expected = p.expected();
  for (int j = 0; j < p.n; ++j)
    for (int i = 0; i < p.m; ++i)
      p.c[static_cast<size_t>(i + j * p.ldc)] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(product(handle_, p), expected);

  DeviceBuffer<float> a(p.a), b(p.b), uninitialised(64);
  EXPECT_EQ(gemm(handle_, p, a.get(), b.get(), uninitialised.get()), CUBLAS_STATUS_SUCCESS);
}

TEST_F(CublasTest, InfinityTimesZeroIsNotANumber) {
  Product<float> p = {.m = 1, .n = 1, .k = 1};
  p.a[0] = std::numeric_limits<float>::infinity();
  p.b[0] = 0;
  EXPECT_TRUE(std::isnan(product(handle_, p)[0]));
}

TEST_F(CublasTest, BatchesAreApartByTheirStrides) {
  const auto a = small_integers<float>(64, 1), b = small_integers<float>(64, 2);
  const DeviceBuffer<float> device_a(a), device_b(b), c(std::vector<float>(64, 7));
  const float one = 1, zero = 0;
  EXPECT_EQ(cublasSgemmStridedBatched(handle_, CUBLAS_OP_N, CUBLAS_OP_N, 2, 2, 2, &one, device_a.get(), 2, 5,
                                      device_b.get(), 2, 6, &zero, c.get(), 2, 9, 3),
            CUBLAS_STATUS_SUCCESS);
  const auto z = c.read();
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(z[9 * i], a[5 * i] * b[6 * i] + a[5 * i + 2] * b[6 * i + 1]);
    EXPECT_EQ(z[9 * i + 3], a[5 * i + 1] * b[6 * i + 2] + a[5 * i + 3] * b[6 * i + 3]);
    EXPECT_EQ(z[9 * i + 4], 7);
  }
}

// The products of 2 x 2 matrices a[i] and b[i] of one buffer, to c.
class PointedAt {
 public:
  PointedAt(const std::vector<float*>& a, const std::vector<float*>& b, const std::vector<float*>& c)
      : a_(a), b_(b), c_(c), batch_(static_cast<int>(a.size())) {}

  cublasStatus_t multiply(cublasHandle_t handle, int n = 2, int k = 2) const {
    const float one = 1, zero = 0;
    return cublasSgemmBatched(handle, CUBLAS_OP_N, CUBLAS_OP_N, 2, n, k, &one, a_.get(), 2, b_.get(), k,
                              &zero, c_.get(), 2, batch_);
  }
  void point_a_at(const std::vector<float*>& a) { a_.write(a); }

 private:
  DeviceBuffer<float*> a_, b_, c_;
  int batch_;
};

TEST_F(CublasTest, BatchesArePointedAt) {
  const auto a = small_integers<float>(64, 1), b = small_integers<float>(64, 2);
  const DeviceBuffer<float> device_a(a), device_b(b), c(std::vector<float>(64, 7));
  const size_t at_a[] = {10, 10, 3}, at_b[] = {0, 20, 9}, at_c[] = {30, 0, 12};
  PointedAt batch({device_a.get() + 10, device_a.get() + 10, device_a.get() + 3},
                  {device_b.get(), device_b.get() + 20, device_b.get() + 9},
                  {c.get() + 30, c.get(), c.get() + 12});
  EXPECT_EQ(batch.multiply(handle_), CUBLAS_STATUS_SUCCESS);
  const auto z = c.read();
  for (size_t i = 0; i < 3; ++i) {
    const float *x = &a[at_a[i]], *y = &b[at_b[i]], *result = &z[at_c[i]];
    EXPECT_EQ(result[0], x[0] * y[0] + x[2] * y[1]);
    EXPECT_EQ(result[3], x[1] * y[2] + x[3] * y[3]);
    EXPECT_EQ(result[4], 7);
  }
}

TEST_F(CublasTest, PointersAreReadWhenTheWorkRuns) {
  const LazyStreams lazy;
  const DeviceBuffer<float> a(std::vector<float>(8, 1)), b(std::vector<float>(4, 1)), c(4),
      zeros(std::vector<float>(4));
  PointedAt batch({a.get()}, {b.get()}, {c.get()});
  EXPECT_EQ(batch.multiply(handle_), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(c.read()[0], 2);
  batch.point_a_at({zeros.get()});
  EXPECT_EQ(batch.multiply(handle_), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(c.read()[0], 0);
}

TEST_F(CublasTest, PointersThatAreNotThere) {
  const DeviceBuffer<float> a(std::vector<float>(64, 1)), c(64);
  const std::vector<float*> host = {a.get()};
  const DeviceBuffer<float*> good(host), uninitialised(1), to(std::vector<float*>{c.get()});
  const float one = 1, zero = 0;
  const auto reports = [&](float* const* x) {
    EXPECT_EQ(cublasSgemmBatched(handle_, CUBLAS_OP_N, CUBLAS_OP_N, 2, 2, 2, &one, x, 2, good.get(), 2, &zero,
                                 to.get(), 2, 1),
              x ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_INVALID_VALUE);
    return reports_after_work();
  };
  EXPECT_EQ(reports(nullptr), "");
  EXPECT_THAT(reports(host.data()), HasSubstr("host-pointer: cublasSgemmBatched Aarray"));
  EXPECT_THAT(reports(uninitialised.get()), HasSubstr("uninitialised: cublasSgemmBatched Aarray"));
  EXPECT_THAT(reports(good.get() + 1), HasSubstr("out-of-bounds: cublasSgemmBatched Aarray"));
  EXPECT_EQ(reports(good.get()), "");
}

TEST_F(CublasTest, MatricesPointedAtThatOverlapOrAreNotThere) {
  const DeviceBuffer<float> a(std::vector<float>(8, 1)), c(8);
  const auto reports = [&](float* x, float* second_result) {
    const PointedAt batch({a.get(), x}, {a.get(), a.get()}, {c.get(), second_result});
    EXPECT_EQ(batch.multiply(handle_), CUBLAS_STATUS_SUCCESS);
    return reports_after_work();
  };
  EXPECT_THAT(reports(a.get(), c.get() + 3), HasSubstr("overlap: cublasSgemmBatched"));
  EXPECT_THAT(reports(a.get(), a.get() + 3), HasSubstr("overlap: cublasSgemmBatched"));
  EXPECT_THAT(reports(a.get() + 5, c.get() + 4), HasSubstr("out-of-bounds: cublasSgemmBatched A"));
  EXPECT_EQ(reports(a.get() + 4, c.get() + 4), "");
}

TEST_F(CublasTest, FastMathModesWantAlignedMatrices) {
  int major = 0;
  ASSERT_EQ(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, 0), cudaSuccess);
  const DeviceBuffer<float> a(std::vector<float>(64, 1)), c(64);
  const PointedAt batch({a.get() + 1}, {a.get()}, {c.get()});
  EXPECT_EQ(batch.multiply(handle_, 2, 4), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(reports_after_work(), "");
  ASSERT_EQ(cublasSetMathMode(handle_, CUBLAS_TF32_TENSOR_OP_MATH), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(batch.multiply(handle_, 2, 3), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(reports_after_work(), "");
  EXPECT_EQ(batch.multiply(handle_, 2, 4), CUBLAS_STATUS_SUCCESS);
  const std::string reports = reports_after_work();
  if (major >= 8) EXPECT_THAT(reports, HasSubstr("misaligned: cublasSgemmBatched"));
  else EXPECT_EQ(reports, "");
}

TEST_F(CublasTest, SizesOf64Bits) {
  const Product<double> p;
  const DeviceBuffer<double> a(p.a), b(p.b), c(p.c);
  EXPECT_EQ(cublasDgemm_64(handle_, p.op_a, p.op_b, p.m, p.n, p.k, &p.alpha, a.get(), p.lda, b.get(), p.ldb,
                           &p.beta, c.get(), p.ldc),
            CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(c.read(), p.expected());
}

TEST_F(CublasTest, ScalarsOnTheDevice) {
  const Product<float> p = {.alpha = 2, .beta = 3};
  const DeviceBuffer<float> a(p.a), b(p.b), c(p.c), alpha(std::vector<float>{2}), beta(std::vector<float>{3});
  ASSERT_EQ(cublasSetPointerMode(handle_, CUBLAS_POINTER_MODE_DEVICE), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(cublasSgemm(handle_, p.op_a, p.op_b, p.m, p.n, p.k, alpha.get(), a.get(), p.lda, b.get(), p.ldb,
                        beta.get(), c.get(), p.ldc),
            CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(c.read(), p.expected());
  // and back: device pointers in the host's mode
  ASSERT_EQ(cublasSetPointerMode(handle_, CUBLAS_POINTER_MODE_HOST), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(cublasSgemm(handle_, p.op_a, p.op_b, p.m, p.n, p.k, alpha.get(), a.get(), p.lda, b.get(), p.ldb,
                        beta.get(), c.get(), p.ldc),
            CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_THAT(reports_after_work(), HasSubstr("alpha or beta lies on the device"));
}

TEST_F(CublasTest, MathModeForTf32DropsMantissa) {
  Product<float> p = {.m = 1, .n = 1, .k = 1};
  p.a[0] = 1 + 0x1p-20F;
  p.b[0] = 1;
  EXPECT_EQ(product(handle_, p)[0], p.a[0]);
  int major = 0;
  ASSERT_EQ(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, 0), cudaSuccess);
  ASSERT_EQ(cublasSetMathMode(handle_, CUBLAS_TF32_TENSOR_OP_MATH), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(product(handle_, p)[0], major >= 8 ? 1.0F : p.a[0]);
}

TEST_F(CublasTest, BadArguments) {
  const Product<float> good;
  const DeviceBuffer<float> a(good.a), b(good.b), c(good.c);
  const auto refused = [&](Product<float> p) { return gemm(handle_, p, a.get(), b.get(), c.get()); };
  EXPECT_EQ(refused({.m = -1}), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(refused({.n = -1}), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(refused({.k = -1}), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(refused({.lda = 2}), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(refused({.op_a = CUBLAS_OP_T, .lda = 4}), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(refused({.ldb = 4}), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(refused({.op_b = CUBLAS_OP_T, .ldb = 3}), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(refused({.ldc = 2}), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(refused({.m = 0, .ldc = 0}), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(refused({.op_a = CUBLAS_OP_CONJG}), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(gemm(handle_, good, a.get(), b.get(), nullptr), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(cublasSgemm(handle_, CUBLAS_OP_N, CUBLAS_OP_N, 1, 1, 1, nullptr, a.get(), 1, b.get(), 1,
                        &good.beta, c.get(), 1),
            CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(c.read(), good.c);
}

TEST_F(CublasTest, MemoryThatIsNotThere) {
  const Product<float> p;
  const DeviceBuffer<float> a(p.a), b(p.b), c(p.c), small(std::vector<float>(20)), uninitialised(64);
  const auto reports = [&](const float* x, const float* y, float* z) {
    EXPECT_EQ(gemm(handle_, p, x, y, z), CUBLAS_STATUS_SUCCESS);
    return reports_after_work();
  };
  EXPECT_THAT(reports(small.get(), b.get(), c.get()), HasSubstr("out-of-bounds: cublasSgemm A"));
  EXPECT_THAT(reports(a.get(), small.get(), c.get()), HasSubstr("out-of-bounds: cublasSgemm B"));
  EXPECT_THAT(reports(a.get(), b.get(), small.get()), HasSubstr("out-of-bounds: cublasSgemm C"));
  EXPECT_THAT(reports(uninitialised.get(), b.get(), c.get()), HasSubstr("uninitialised: cublasSgemm A"));
  EXPECT_THAT(reports(p.a.data(), b.get(), c.get()), HasSubstr("host-pointer: cublasSgemm A"));
  DeviceBuffer<float> freed(p.b);
  freed.free();
  EXPECT_THAT(reports(a.get(), freed.get(), c.get()), HasSubstr("use-after-free: cublasSgemm B"));
}

TEST_F(CublasTest, ResultThatOverlapsAnOperand) {
  const Product<float> p = {.lda = 3, .ldb = 5, .ldc = 3};
  const DeviceBuffer<float> a(p.a), b(p.b);
  EXPECT_EQ(gemm(handle_, p, a.get(), b.get(), a.get() + 14), CUBLAS_STATUS_SUCCESS);
  EXPECT_THAT(reports_after_work(), HasSubstr("overlap: cublasSgemm"));
  EXPECT_EQ(gemm(handle_, p, a.get(), b.get(), a.get() + 15), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(reports_after_work(), "");
}

TEST_F(CublasTest, ResultBetweenTheColumnsOfAnOperandIsApart) {
  const Product<float> p = {.lda = 6, .ldc = 6};
  const DeviceBuffer<float> a(p.a), b(p.b);
  EXPECT_EQ(gemm(handle_, p, a.get(), b.get(), a.get() + 3), CUBLAS_STATUS_SUCCESS);
}

TEST_F(CublasTest, BatchesThatOverlapOrStandStill) {
  const auto values = small_integers<float>(64, 1);
  const DeviceBuffer<float> a(values), b(values), c(values);
  const float one = 1, zero = 0;
  const auto reports = [&](long long stride_a, long long stride_c) {
    EXPECT_EQ(cublasSgemmStridedBatched(handle_, CUBLAS_OP_N, CUBLAS_OP_N, 2, 2, 2, &one, a.get(), 2,
                                        stride_a, b.get(), 2, 4, &zero, c.get(), 2, stride_c, 3),
              CUBLAS_STATUS_SUCCESS);
    return reports_after_work();
  };
  EXPECT_THAT(reports(4, 3), HasSubstr("overlap: cublasSgemmStridedBatched"));
  EXPECT_THAT(reports(0, 4), HasSubstr("zero-stride: cublasSgemmStridedBatched"));
}

TEST_F(CublasTest, WorkspaceBelongsToTheLibrary) {
  const Product<float> p;
  const DeviceBuffer<float> workspace(std::vector<float>(4096 + 64, 1));
  ASSERT_EQ(reinterpret_cast<uintptr_t>(workspace.get()) % 256, 0U);
  EXPECT_EQ(cublasSetWorkspace(handle_, workspace.get() + 1, 4096), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(cublasSetWorkspace(handle_, workspace.get(), 16384), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(product(handle_, p), p.expected());
  EXPECT_NE(workspace.read()[0], 1);
}

TEST_F(CublasTest, WorkspaceThatIsTooSmallOrFreed) {
  Product<float> p = {.m = 1, .n = 1, .k = 64, .lda = 1, .ldb = 64};
  DeviceBuffer<float> a(p.a), b(p.b), c(p.c), workspace(4096);
  ASSERT_EQ(cublasSetWorkspace(handle_, workspace.get(), 16383), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(gemm(handle_, p, a.get(), b.get(), c.get()), CUBLAS_STATUS_ALLOC_FAILED);
  ASSERT_EQ(cublasSetWorkspace(handle_, workspace.get(), 16384), CUBLAS_STATUS_SUCCESS);
  workspace.free();
  EXPECT_EQ(gemm(handle_, p, a.get(), b.get(), c.get()), CUBLAS_STATUS_SUCCESS);
  EXPECT_THAT(reports_after_work(), HasSubstr("use-after-free: cublasSgemm workspace"));
  // Setting the stream brings back the library's own workspace.
  ASSERT_EQ(cublasSetStream(handle_, nullptr), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(gemm(handle_, p, a.get(), b.get(), c.get()), CUBLAS_STATUS_SUCCESS);
}

TEST_F(CublasTest, StreamsAreNotOrderedByThemselves) {
  const LazyStreams lazy;
  const Product<float> p;
  const DeviceBuffer<float> a(p.a), b(p.b), c(p.c);
  const NonBlockingStream first, second;
  std::vector<float> host(64);
  ASSERT_EQ(cublasSetStream(handle_, first), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(gemm(handle_, p, a.get(), b.get(), c.get()), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(cudaMemcpyAsync(host.data(), c.get(), 256, cudaMemcpyDeviceToHost, second), cudaSuccess);
  EXPECT_THAT(reports_after_work(), HasSubstr("stream-race"));
}

TEST_F(CublasTest, EventsOrderStreams) {
  const LazyStreams lazy;
  const Product<float> p;
  const DeviceBuffer<float> a(p.a), b(p.b), c(p.c);
  const NonBlockingStream first, second;
  std::vector<float> host(64);
  cudaEvent_t done = nullptr;
  ASSERT_EQ(cudaEventCreateWithFlags(&done, cudaEventDisableTiming), cudaSuccess);
  ASSERT_EQ(cublasSetStream(handle_, first), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(gemm(handle_, p, a.get(), b.get(), c.get()), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(cudaEventRecord(done, first), cudaSuccess);
  EXPECT_EQ(cudaStreamWaitEvent(second, done, 0), cudaSuccess);
  EXPECT_EQ(cudaMemcpyAsync(host.data(), c.get(), 256, cudaMemcpyDeviceToHost, second), cudaSuccess);
  EXPECT_EQ(cudaStreamSynchronize(second), cudaSuccess);
  EXPECT_EQ(host, p.expected());
  EXPECT_EQ(cudaEventDestroy(done), cudaSuccess);
}

TEST_F(CublasTest, HostScalarsAreCopiedWhenTheCallReturns) {
  const LazyStreams lazy;
  const Product<float> p = {.alpha = 2};
  const DeviceBuffer<float> a(p.a), b(p.b), c(p.c);
  auto scalars = std::make_unique<Product<float>>(p);
  EXPECT_EQ(gemm(handle_, *scalars, a.get(), b.get(), c.get()), CUBLAS_STATUS_SUCCESS);
  scalars->alpha = 100;
  scalars.reset();
  EXPECT_EQ(c.read(), p.expected());
}

TEST_F(CublasTest, HandlesThatAreNotAlive) {
  const Product<float> p;
  const DeviceBuffer<float> a(p.a), b(p.b), c(p.c);
  EXPECT_EQ(gemm(nullptr, p, a.get(), b.get(), c.get()), CUBLAS_STATUS_NOT_INITIALIZED);
  cublasHandle_t other = nullptr;
  ASSERT_EQ(cublasCreate(&other), CUBLAS_STATUS_SUCCESS);
  ASSERT_EQ(cublasDestroy(other), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(gemm(other, p, a.get(), b.get(), c.get()), CUBLAS_STATUS_NOT_INITIALIZED);
  EXPECT_THAT(reports_after_work(), HasSubstr("destroyed-handle: cublasSgemm"));
  EXPECT_EQ(cublasDestroy(other), CUBLAS_STATUS_NOT_INITIALIZED);
  EXPECT_THAT(reports_after_work(), HasSubstr("destroyed-handle"));
}

TEST_F(CublasTest, StreamThatIsDestroyed) {
  cudaStream_t stream = nullptr;
  ASSERT_EQ(cudaStreamCreate(&stream), cudaSuccess);
  ASSERT_EQ(cudaStreamDestroy(stream), cudaSuccess);
  EXPECT_EQ(cublasSetStream(handle_, stream), CUBLAS_STATUS_SUCCESS);
  EXPECT_THAT(reports_after_work(), HasSubstr("destroyed-stream"));
  EXPECT_EQ(cublasSetStream(handle_, nullptr), CUBLAS_STATUS_SUCCESS);
}

TEST_F(CublasTest, HandleOfAnotherDevice) {
  int devices = 0;
  ASSERT_EQ(cudaGetDeviceCount(&devices), cudaSuccess);
  if (devices < 2) GTEST_SKIP() << "needs CUDA_EMULATION_DEVICES=2";
  ASSERT_EQ(cudaSetDevice(1), cudaSuccess);
  EXPECT_EQ(cublasSetStream(handle_, nullptr), CUBLAS_STATUS_SUCCESS);
  EXPECT_THAT(take_reports(), HasSubstr("wrong-device: cublasSetStream"));
  ASSERT_EQ(cudaSetDevice(0), cudaSuccess);
}

TEST_F(CublasTest, FailuresThatATestOrders) {
  const Product<float> p;
  const DeviceBuffer<float> a(p.a), b(p.b), c(p.c);
  cuda_emulation_fail("cublasSgemm", 2, CUBLAS_STATUS_EXECUTION_FAILED);
  EXPECT_EQ(gemm(handle_, p, a.get(), b.get(), c.get()), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(gemm(handle_, p, a.get(), b.get(), c.get()), CUBLAS_STATUS_EXECUTION_FAILED);
  EXPECT_EQ(gemm(handle_, p, a.get(), b.get(), c.get()), CUBLAS_STATUS_SUCCESS);
}

TEST_F(CublasTest, CallsAreCounted) {
  const Product<float> p;
  const DeviceBuffer<float> a(p.a), b(p.b), c(p.c);
  const uint64_t calls = cuda_emulation_counter("library_calls"),
                 waits = cuda_emulation_counter("synchronisations");
  EXPECT_EQ(gemm(handle_, p, a.get(), b.get(), c.get()), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(cuda_emulation_counter("library_calls"), calls + 1);
  EXPECT_EQ(cuda_emulation_counter("synchronisations"), waits);
}

TEST_F(CublasTest, SettingsAreKept) {
  cublasMath_t math = CUBLAS_PEDANTIC_MATH;
  cublasPointerMode_t mode = CUBLAS_POINTER_MODE_DEVICE;
  cublasAtomicsMode_t atomics = CUBLAS_ATOMICS_ALLOWED;
  cudaStream_t stream = nullptr;
  EXPECT_EQ(cublasGetMathMode(handle_, &math), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(cublasGetPointerMode(handle_, &mode), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(cublasGetAtomicsMode(handle_, &atomics), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(math, CUBLAS_DEFAULT_MATH);
  EXPECT_EQ(mode, CUBLAS_POINTER_MODE_HOST);
  EXPECT_EQ(atomics, CUBLAS_ATOMICS_NOT_ALLOWED);
  const NonBlockingStream own;
  EXPECT_EQ(cublasSetStream(handle_, own), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(cublasGetStream(handle_, &stream), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(stream, own);
  EXPECT_EQ(cublasGetStream(handle_, nullptr), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(cublasSetPointerMode(handle_, std::bit_cast<cublasPointerMode_t>(7U)),
            CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(cublasSetStream(handle_, nullptr), CUBLAS_STATUS_SUCCESS);
}

TEST(CublasStatus, HasTheTextsOfTheRealLibrary) {
  EXPECT_STREQ(cublasGetStatusName(CUBLAS_STATUS_ALLOC_FAILED), "CUBLAS_STATUS_ALLOC_FAILED");
  EXPECT_STREQ(cublasGetStatusString(CUBLAS_STATUS_ALLOC_FAILED), "the resource allocation failed");
  EXPECT_STREQ(cublasGetStatusString(std::bit_cast<cublasStatus_t>(99U)), "unrecognized status");
}

}  // namespace
}  // namespace plugrad::cuda_emulation
