// The emulated convolutions of cuDNN: values against plain loops, what the library says of its algorithms,
// and every misuse that it has to catch. Descriptors are NVIDIA's own.
#include <cudnn.h>
#include <gmock/gmock.h>

#include <array>
#include <cmath>
#include <limits>
#include <memory>
#include <set>

#include "plugrad/tests/cuda_emulation/tests/library_test.h"

namespace plugrad::cuda_emulation {
namespace {

using testing::HasSubstr;

// The numbers of one convolution. Pairs are of rows and columns.
struct Shape {
  int n = 2, c = 4, o = 6, groups = 1;
  std::array<int, 2> x = {7, 6}, kernel = {3, 2}, padding = {1, 0}, stride = {1, 1}, dilation = {1, 1};
  cudnnConvolutionMode_t mode = CUDNN_CROSS_CORRELATION;

  int out(size_t i) const {
    return (x[i] + 2 * padding[i] - dilation[i] * (kernel[i] - 1) - 1) / stride[i] + 1;
  }
  size_t x_size() const { return static_cast<size_t>(n * c * x[0] * x[1]); }
  size_t w_size() const { return static_cast<size_t>(o * (c / groups) * kernel[0] * kernel[1]); }
  size_t y_size() const { return static_cast<size_t>(n * o * out(0) * out(1)); }
};

// Calls f(offset in y, in x, in w) for every product of the convolution.
template <class F>
void for_each_product(const Shape& s, F f) {
  const int channels = s.c / s.groups, filters = s.o / s.groups;
  for (int n = 0; n < s.n; ++n)
    for (int o = 0; o < s.o; ++o)
      for (int row = 0; row < s.out(0); ++row)
        for (int column = 0; column < s.out(1); ++column)
          for (int c = 0; c < channels; ++c)
            for (int i = 0; i < s.kernel[0]; ++i)
              for (int j = 0; j < s.kernel[1]; ++j) {
                const int r = row * s.stride[0] - s.padding[0] + i * s.dilation[0];
                const int q = column * s.stride[1] - s.padding[1] + j * s.dilation[1];
                if (r < 0 || r >= s.x[0] || q < 0 || q >= s.x[1]) continue;
                const bool turned = s.mode == CUDNN_CONVOLUTION;
                const int wi = turned ? s.kernel[0] - 1 - i : i, wj = turned ? s.kernel[1] - 1 - j : j;
                const int channel = o / filters * channels + c;
                f(static_cast<size_t>(((n * s.o + o) * s.out(0) + row) * s.out(1) + column),
                  static_cast<size_t>(((n * s.c + channel) * s.x[0] + r) * s.x[1] + q),
                  static_cast<size_t>(((o * channels + c) * s.kernel[0] + wi) * s.kernel[1] + wj));
              }
}

template <class T>
constexpr cudnnDataType_t type_of = sizeof(T) == sizeof(float) ? CUDNN_DATA_FLOAT : CUDNN_DATA_DOUBLE;

// Descriptors and device arrays of one convolution.
template <class T>
class Convolution {
 public:
  explicit Convolution(const Shape& s)
      : host_x(small_integers<T>(s.x_size(), 1)),
        host_w(small_integers<T>(s.w_size(), 2)),
        host_y(small_integers<T>(s.y_size(), 3)),
        x(host_x),
        w(host_w),
        y(host_y),
        shape(s) {
    cudnnCreateTensorDescriptor(&x_descriptor);
    cudnnCreateTensorDescriptor(&y_descriptor);
    cudnnCreateFilterDescriptor(&w_descriptor);
    cudnnCreateConvolutionDescriptor(&descriptor);
    EXPECT_EQ(
        cudnnSetTensor4dDescriptor(x_descriptor, CUDNN_TENSOR_NCHW, type_of<T>, s.n, s.c, s.x[0], s.x[1]),
        CUDNN_STATUS_SUCCESS);
    set_y(s.n, s.o, s.out(0), s.out(1));
    EXPECT_EQ(cudnnSetFilter4dDescriptor(w_descriptor, type_of<T>, CUDNN_TENSOR_NCHW, s.o, s.c / s.groups,
                                         s.kernel[0], s.kernel[1]),
              CUDNN_STATUS_SUCCESS);
    EXPECT_EQ(cudnnSetConvolution2dDescriptor(descriptor, s.padding[0], s.padding[1], s.stride[0],
                                              s.stride[1], s.dilation[0], s.dilation[1], s.mode, type_of<T>),
              CUDNN_STATUS_SUCCESS);
    EXPECT_EQ(cudnnSetConvolutionGroupCount(descriptor, s.groups), CUDNN_STATUS_SUCCESS);
    EXPECT_EQ(cudnnSetConvolutionMathType(descriptor, CUDNN_FMA_MATH), CUDNN_STATUS_SUCCESS);
  }
  Convolution(const Convolution&) = delete;
  Convolution& operator=(const Convolution&) = delete;
  ~Convolution() {
    cudnnDestroyTensorDescriptor(x_descriptor);
    cudnnDestroyTensorDescriptor(y_descriptor);
    cudnnDestroyFilterDescriptor(w_descriptor);
    cudnnDestroyConvolutionDescriptor(descriptor);
  }

  void set_y(int n, int o, int rows, int columns) {
    EXPECT_EQ(cudnnSetTensor4dDescriptor(y_descriptor, CUDNN_TENSOR_NCHW, type_of<T>, n, o, rows, columns),
              CUDNN_STATUS_SUCCESS);
  }

  // With workspace as large as the algorithm asks for, unless it is given.
  cudnnStatus_t forward(cudnnHandle_t h, cudnnConvolutionFwdAlgo_t algorithm) {
    size_t bytes = 0;
    const cudnnStatus_t status = cudnnGetConvolutionForwardWorkspaceSize(
        h, x_descriptor, w_descriptor, descriptor, y_descriptor, algorithm, &bytes);
    if (status) return status;
    const DeviceBuffer<char> workspace(bytes + 1);
    return forward(h, algorithm, x.get(), w.get(), y.get(), workspace.get(), bytes);
  }
  cudnnStatus_t forward(cudnnHandle_t h, cudnnConvolutionFwdAlgo_t algorithm, const T* from, const T* weights,
                        T* to, void* workspace, size_t bytes) {
    return cudnnConvolutionForward(h, &alpha, x_descriptor, from, w_descriptor, weights, descriptor,
                                   algorithm, workspace, bytes, &beta, y_descriptor, to);
  }
  cudnnStatus_t backward_data(cudnnHandle_t h, cudnnConvolutionBwdDataAlgo_t algorithm) {
    size_t bytes = 0;
    const cudnnStatus_t status = cudnnGetConvolutionBackwardDataWorkspaceSize(
        h, w_descriptor, y_descriptor, descriptor, x_descriptor, algorithm, &bytes);
    if (status) return status;
    const DeviceBuffer<char> workspace(bytes + 1);
    return cudnnConvolutionBackwardData(h, &alpha, w_descriptor, w.get(), y_descriptor, y.get(), descriptor,
                                        algorithm, workspace.get(), bytes, &beta, x_descriptor, x.get());
  }
  cudnnStatus_t backward_filter(cudnnHandle_t h, cudnnConvolutionBwdFilterAlgo_t algorithm) {
    size_t bytes = 0;
    const cudnnStatus_t status = cudnnGetConvolutionBackwardFilterWorkspaceSize(
        h, x_descriptor, y_descriptor, descriptor, w_descriptor, algorithm, &bytes);
    if (status) return status;
    const DeviceBuffer<char> workspace(bytes + 1);
    return cudnnConvolutionBackwardFilter(h, &alpha, x_descriptor, x.get(), y_descriptor, y.get(), descriptor,
                                          algorithm, workspace.get(), bytes, &beta, w_descriptor, w.get());
  }

  // alpha * the sums + beta * what was there
  std::vector<T> scaled(const std::vector<T>& sums, const std::vector<T>& before) const {
    std::vector<T> z = before;
    for (size_t i = 0; i < z.size(); ++i) z[i] = alpha * sums[i] + (beta != T(0) ? beta * z[i] : T(0));
    return z;
  }
  std::vector<T> expected_y() const {
    std::vector<T> sums(host_y.size());
    for_each_product(shape, [&](size_t iy, size_t ix, size_t iw) { sums[iy] += host_x[ix] * host_w[iw]; });
    return scaled(sums, host_y);
  }
  std::vector<T> expected_dx() const {
    std::vector<T> sums(host_x.size());
    for_each_product(shape, [&](size_t iy, size_t ix, size_t iw) { sums[ix] += host_y[iy] * host_w[iw]; });
    return scaled(sums, host_x);
  }
  std::vector<T> expected_dw() const {
    std::vector<T> sums(host_w.size());
    for_each_product(shape, [&](size_t iy, size_t ix, size_t iw) { sums[iw] += host_y[iy] * host_x[ix]; });
    return scaled(sums, host_w);
  }

  T alpha = 1, beta = 0;
  std::vector<T> host_x, host_w, host_y;
  DeviceBuffer<T> x, w, y;
  cudnnTensorDescriptor_t x_descriptor = nullptr, y_descriptor = nullptr;
  cudnnFilterDescriptor_t w_descriptor = nullptr;
  cudnnConvolutionDescriptor_t descriptor = nullptr;
  const Shape shape;
};

class CudnnTest : public LibraryTest {
 protected:
  CudnnTest() { EXPECT_EQ(cudnnCreate(&handle_), CUDNN_STATUS_SUCCESS); }
  ~CudnnTest() override { EXPECT_EQ(cudnnDestroy(handle_), CUDNN_STATUS_SUCCESS); }

  template <class T>
  void check_values(const Shape& shape, T alpha, T beta);

  cudnnHandle_t handle_ = nullptr;
};

constexpr auto forward_gemm = CUDNN_CONVOLUTION_FWD_ALGO_GEMM;
constexpr auto implicit_gemm = CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM;

// Algorithms that take every shape; those for gradients are not deterministic, within the tolerance.
template <class T>
void CudnnTest::check_values(const Shape& shape, T alpha, T beta) {
  const auto near = [](const std::vector<T>& got, const std::vector<T>& want) {
    for (size_t i = 0; i < want.size(); ++i)
      ASSERT_NEAR(got[i], want[i], 1e-6 * std::fabs(static_cast<double>(want[i]))) << "at " << i;
  };
  const auto convolution = [&] {
    auto c = std::make_unique<Convolution<T>>(shape);
    c->alpha = alpha;
    c->beta = beta;
    return c;
  };
  auto c = convolution();
  EXPECT_EQ(c->forward(handle_, implicit_gemm), CUDNN_STATUS_SUCCESS);
  EXPECT_EQ(c->y.read(), c->expected_y());
  c = convolution();
  EXPECT_EQ(c->backward_data(handle_, CUDNN_CONVOLUTION_BWD_DATA_ALGO_0), CUDNN_STATUS_SUCCESS);
  near(c->x.read(), c->expected_dx());
  c = convolution();
  EXPECT_EQ(c->backward_filter(handle_, CUDNN_CONVOLUTION_BWD_FILTER_ALGO_0), CUDNN_STATUS_SUCCESS);
  near(c->w.read(), c->expected_dw());
}

const Shape shapes[] = {
    {},
    {.padding = {2, 3}},
    {.stride = {2, 3}},
    {.padding = {1, 2}, .dilation = {2, 3}},
    {.groups = 2, .padding = {2, 1}, .stride = {3, 2}, .dilation = {2, 1}},
    {.c = 3, .o = 3, .groups = 3},  // depthwise
    {.c = 3, .o = 6, .groups = 3, .stride = {1, 2}},
    {.mode = CUDNN_CONVOLUTION},
    {.n = 1, .c = 2, .o = 3, .x = {1, 19}, .kernel = {1, 5}, .padding = {0, 2}, .stride = {1, 2}},  // one
                                                                                                    // axis
};

TEST_F(CudnnTest, ConvolutionsOfFloat32EqualPlainLoops) {
  for (const Shape& shape : shapes) check_values<float>(shape, 1, 0);
  check_values<float>({}, 3, -2);
}
TEST_F(CudnnTest, ConvolutionsOfFloat64EqualPlainLoops) {
  for (const Shape& shape : shapes) check_values<double>(shape, 1, 0);
  check_values<double>({}, 3, -2);
}

TEST_F(CudnnTest, GroupsAreForEveryAlgorithm) {
  const Shape s = {.groups = 2, .kernel = {3, 3}};
  int run = 0;
  const auto expect = [&run](cudnnStatus_t status, const std::vector<float>& got,
                             const std::vector<float>& want) {
    if (status == CUDNN_STATUS_NOT_SUPPORTED) return;  // one that cuDNN does not implement
    EXPECT_EQ(status, CUDNN_STATUS_SUCCESS);
    for (size_t i = 0; i < want.size(); ++i) ASSERT_NEAR(got[i], want[i], 1e-6F * std::fabs(want[i]));
    ++run;
  };
  for (int a = 0; a < CUDNN_CONVOLUTION_FWD_ALGO_COUNT; ++a) {
    Convolution<float> c(s);
    const cudnnStatus_t status = c.forward(handle_, static_cast<cudnnConvolutionFwdAlgo_t>(a));
    expect(status, c.y.read(), c.expected_y());
  }
  for (int a = 0; a < CUDNN_CONVOLUTION_BWD_DATA_ALGO_COUNT; ++a) {
    Convolution<float> c(s);
    const cudnnStatus_t status = c.backward_data(handle_, static_cast<cudnnConvolutionBwdDataAlgo_t>(a));
    expect(status, c.x.read(), c.expected_dx());
  }
  for (int a = 0; a < CUDNN_CONVOLUTION_BWD_FILTER_ALGO_COUNT; ++a) {
    Convolution<float> c(s);
    const cudnnStatus_t status = c.backward_filter(handle_, static_cast<cudnnConvolutionBwdFilterAlgo_t>(a));
    expect(status, c.w.read(), c.expected_dw());
  }
  constexpr int all = int{CUDNN_CONVOLUTION_FWD_ALGO_COUNT} + int{CUDNN_CONVOLUTION_BWD_DATA_ALGO_COUNT} +
                      int{CUDNN_CONVOLUTION_BWD_FILTER_ALGO_COUNT};
  EXPECT_EQ(run, all - 2);
}

TEST_F(CudnnTest, DeterministicAlgorithmsGiveTheSameBits) {
  Convolution<float> c({});
  c.x.write(std::vector<float>(c.host_x.size(), 0.1F));
  const auto run = [&](cudnnConvolutionBwdFilterAlgo_t algorithm) {
    EXPECT_EQ(c.backward_filter(handle_, algorithm), CUDNN_STATUS_SUCCESS);
    return c.w.read();
  };
  EXPECT_EQ(run(CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1), run(CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1));
  EXPECT_NE(run(CUDNN_CONVOLUTION_BWD_FILTER_ALGO_0), run(CUDNN_CONVOLUTION_BWD_FILTER_ALGO_0));
}

TEST_F(CudnnTest, ResultIsNotReadWhereBetaIsZero) {
  Convolution<float> c({});
  c.y.write(std::vector<float>(c.host_y.size(), std::numeric_limits<float>::quiet_NaN()));
  EXPECT_EQ(c.forward(handle_, forward_gemm), CUDNN_STATUS_SUCCESS);
  EXPECT_EQ(c.y.read(), c.expected_y());
}

TEST_F(CudnnTest, StridedInputIsForTheImplicitAlgorithmAlone) {
  const Shape s = {.x = {4, 3}};
  Convolution<float> c(s);
  const DeviceBuffer<float> wide(2 * s.x_size());  // every other column, the rest uninitialised
  ASSERT_EQ(cudaMemcpy2D(wide.get(), 8, c.host_x.data(), 4, 4, s.x_size(), cudaMemcpyHostToDevice),
            cudaSuccess);
  ASSERT_EQ(cudnnSetTensor4dDescriptorEx(c.x_descriptor, CUDNN_DATA_FLOAT, s.n, s.c, 4, 3, 96, 24, 6, 2),
            CUDNN_STATUS_SUCCESS);
  EXPECT_EQ(c.forward(handle_, implicit_gemm, wide.get(), c.w.get(), c.y.get(), nullptr, 0),
            CUDNN_STATUS_SUCCESS);
  EXPECT_EQ(c.y.read(), c.expected_y());
  EXPECT_EQ(c.forward(handle_, forward_gemm), CUDNN_STATUS_NOT_SUPPORTED_LAYOUT);
}

TEST_F(CudnnTest, DefaultMathMayDropMantissa) {
  const Shape s = {.n = 1, .c = 1, .o = 1, .x = {1, 1}, .kernel = {1, 1}, .padding = {0, 0}};
  Convolution<float> c(s);
  const float fine = 1 + 0x1p-20F;
  c.x.write({fine});
  c.w.write({1});
  EXPECT_EQ(c.forward(handle_, implicit_gemm), CUDNN_STATUS_SUCCESS);
  EXPECT_EQ(c.y.read()[0], fine);
  int major = 0;
  ASSERT_EQ(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, 0), cudaSuccess);
  ASSERT_EQ(cudnnSetConvolutionMathType(c.descriptor, CUDNN_DEFAULT_MATH), CUDNN_STATUS_SUCCESS);
  EXPECT_EQ(c.forward(handle_, implicit_gemm), CUDNN_STATUS_SUCCESS);
  EXPECT_EQ(c.y.read()[0], major >= 8 ? 1.0F : fine);
}

TEST_F(CudnnTest, AlgorithmsThatDoNotSupportTheShape) {
  Convolution<float> strided({.stride = {2, 2}}), dilated({.dilation = {2, 1}}), padded({.padding = {3, 0}});
  Convolution<double> wide({});
  EXPECT_EQ(strided.forward(handle_, CUDNN_CONVOLUTION_FWD_ALGO_FFT), CUDNN_STATUS_NOT_SUPPORTED_SHAPE);
  EXPECT_EQ(strided.forward(handle_, CUDNN_CONVOLUTION_FWD_ALGO_FFT_TILING),
            CUDNN_STATUS_NOT_SUPPORTED_SHAPE);
  EXPECT_EQ(strided.forward(handle_, CUDNN_CONVOLUTION_FWD_ALGO_WINOGRAD), CUDNN_STATUS_NOT_SUPPORTED_SHAPE);
  EXPECT_EQ(dilated.forward(handle_, forward_gemm), CUDNN_STATUS_NOT_SUPPORTED_SHAPE);
  EXPECT_EQ(dilated.backward_data(handle_, CUDNN_CONVOLUTION_BWD_DATA_ALGO_1),
            CUDNN_STATUS_NOT_SUPPORTED_SHAPE);
  EXPECT_EQ(padded.forward(handle_, CUDNN_CONVOLUTION_FWD_ALGO_FFT), CUDNN_STATUS_NOT_SUPPORTED_SHAPE);
  EXPECT_EQ(wide.forward(handle_, CUDNN_CONVOLUTION_FWD_ALGO_FFT), CUDNN_STATUS_NOT_SUPPORTED_DATA_TYPE);
  EXPECT_EQ(wide.forward(handle_, CUDNN_CONVOLUTION_FWD_ALGO_DIRECT), CUDNN_STATUS_NOT_SUPPORTED);
  EXPECT_EQ(strided.backward_filter(handle_, CUDNN_CONVOLUTION_BWD_FILTER_ALGO_WINOGRAD),
            CUDNN_STATUS_NOT_SUPPORTED);
}

TEST_F(CudnnTest, HeuristicsListAlgorithmsFastestFirst) {
  Convolution<float> c({.kernel = {3, 3}});
  cudnnConvolutionBwdDataAlgoPerf_t r[10];
  int n = 0;
  ASSERT_EQ(cudnnGetConvolutionBackwardDataAlgorithm_v7(handle_, c.w_descriptor, c.y_descriptor, c.descriptor,
                                                        c.x_descriptor, 10, &n, r),
            CUDNN_STATUS_SUCCESS);
  ASSERT_EQ(n, CUDNN_CONVOLUTION_BWD_DATA_ALGO_COUNT);
  EXPECT_EQ(r[0].determinism, CUDNN_NON_DETERMINISTIC);
  std::set<size_t> sizes;
  for (int i = 0; i < n; ++i) {
    size_t bytes = 0;
    ASSERT_EQ(r[i].status, CUDNN_STATUS_SUCCESS);
    EXPECT_EQ(r[i].mathType, CUDNN_FMA_MATH);
    EXPECT_EQ(cudnnGetConvolutionBackwardDataWorkspaceSize(handle_, c.w_descriptor, c.y_descriptor,
                                                           c.descriptor, c.x_descriptor, r[i].algo, &bytes),
              CUDNN_STATUS_SUCCESS);
    EXPECT_EQ(r[i].memory, bytes);
    EXPECT_TRUE(i == 0 || r[i].time > r[i - 1].time);
    EXPECT_EQ(bytes % 2, 1U);
    sizes.insert(bytes);
  }
  EXPECT_EQ(sizes.size(), static_cast<size_t>(n));
}

TEST_F(CudnnTest, HeuristicsKeepTheirOrderAroundWhatIsNotSupported) {
  Convolution<float> c({});  // too narrow a filter for the Winograd algorithms
  cudnnConvolutionFwdAlgoPerf_t r[CUDNN_CONVOLUTION_FWD_ALGO_COUNT];
  int n = 0;
  ASSERT_EQ(cudnnGetConvolutionForwardAlgorithm_v7(handle_, c.x_descriptor, c.w_descriptor, c.descriptor,
                                                   c.y_descriptor, CUDNN_CONVOLUTION_FWD_ALGO_COUNT, &n, r),
            CUDNN_STATUS_SUCCESS);
  ASSERT_EQ(n, CUDNN_CONVOLUTION_FWD_ALGO_COUNT);
  for (int i = 1; i < 5; ++i) EXPECT_GT(r[i].time, r[i - 1].time);
  for (int i = 5; i < n; ++i) EXPECT_NE(r[i].status, CUDNN_STATUS_SUCCESS);
}

TEST_F(CudnnTest, HeuristicsListWhatIsNotSupportedLast) {
  Convolution<float> c({.dilation = {2, 2}});
  cudnnConvolutionFwdAlgoPerf_t r[10];
  int n = 0;
  const auto choose = [&](int requested) {
    return cudnnGetConvolutionForwardAlgorithm_v7(handle_, c.x_descriptor, c.w_descriptor, c.descriptor,
                                                  c.y_descriptor, requested, &n, r);
  };
  ASSERT_EQ(choose(10), CUDNN_STATUS_SUCCESS);
  ASSERT_EQ(n, CUDNN_CONVOLUTION_FWD_ALGO_COUNT);
  EXPECT_EQ(r[0].algo, implicit_gemm);
  EXPECT_EQ(r[0].status, CUDNN_STATUS_SUCCESS);
  for (int i = 1; i < n; ++i) EXPECT_EQ(CUDNN_STATUS_CATEGORY(r[i].status), CUDNN_STATUS_NOT_SUPPORTED);
  ASSERT_EQ(choose(2), CUDNN_STATUS_SUCCESS);
  EXPECT_EQ(n, 2);
  EXPECT_EQ(choose(0), CUDNN_STATUS_BAD_PARAM);
}

TEST_F(CudnnTest, WorkspaceThatIsMissingOrTooSmall) {
  Convolution<float> c({});
  size_t bytes = 0;
  ASSERT_EQ(cudnnGetConvolutionForwardWorkspaceSize(handle_, c.x_descriptor, c.w_descriptor, c.descriptor,
                                                    c.y_descriptor, forward_gemm, &bytes),
            CUDNN_STATUS_SUCCESS);
  ASSERT_GT(bytes, 0U);
  const DeviceBuffer<char> workspace(bytes), small(bytes - 1);
  const auto run = [&](void* data, size_t size) {
    return c.forward(handle_, forward_gemm, c.x.get(), c.w.get(), c.y.get(), data, size);
  };
  EXPECT_EQ(run(nullptr, 0), CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT);
  EXPECT_EQ(run(workspace.get(), bytes - 1), CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT);
  EXPECT_EQ(run(nullptr, bytes), CUDNN_STATUS_BAD_PARAM_NULL_POINTER);
  EXPECT_EQ(run(small.get(), bytes), CUDNN_STATUS_SUCCESS);
  EXPECT_THAT(reports_after_work(), HasSubstr("out-of-bounds: cudnnConvolutionForward workspace"));
  EXPECT_EQ(run(c.w.get(), bytes), CUDNN_STATUS_SUCCESS);
  EXPECT_THAT(reports_after_work(), HasSubstr("overlap: cudnnConvolutionForward"));
}

TEST_F(CudnnTest, WorkspaceIsOverwritten) {
  Convolution<float> c({});
  const DeviceBuffer<char> workspace(std::vector<char>(10000, 1));
  EXPECT_EQ(c.forward(handle_, forward_gemm, c.x.get(), c.w.get(), c.y.get(), workspace.get(), 10000),
            CUDNN_STATUS_SUCCESS);
  EXPECT_NE(workspace.read()[0], 1);
  EXPECT_EQ(c.y.read(), c.expected_y());
}

TEST_F(CudnnTest, OutputOfAnotherShape) {
  Convolution<float> c({});
  c.set_y(2, 6, 7, 4);
  EXPECT_EQ(c.forward(handle_, implicit_gemm), CUDNN_STATUS_NOT_SUPPORTED_SHAPE);
  EXPECT_THAT(reports_after_work(), HasSubstr("y is [2, 6, 7, 4], cuDNN expects [2, 6, 7, 5]"));
}

TEST_F(CudnnTest, DescriptorsThatDoNotFitEachOther) {
  Convolution<float> c({});
  ASSERT_EQ(cudnnSetConvolutionGroupCount(c.descriptor, 2), CUDNN_STATUS_SUCCESS);
  EXPECT_EQ(c.forward(handle_, implicit_gemm), CUDNN_STATUS_BAD_PARAM_SHAPE_MISMATCH);
  ASSERT_EQ(cudnnSetConvolutionGroupCount(c.descriptor, 1), CUDNN_STATUS_SUCCESS);
  ASSERT_EQ(cudnnSetTensor4dDescriptor(c.y_descriptor, CUDNN_TENSOR_NCHW, CUDNN_DATA_DOUBLE, 2, 6, 7, 5),
            CUDNN_STATUS_SUCCESS);
  EXPECT_EQ(c.forward(handle_, implicit_gemm), CUDNN_STATUS_BAD_PARAM_SHAPE_MISMATCH);
  c.set_y(2, 6, 7, 5);
  ASSERT_EQ(cudnnSetConvolution2dDescriptor(c.descriptor, 1, 0, 1, 1, 1, 1, CUDNN_CROSS_CORRELATION,
                                            CUDNN_DATA_DOUBLE),
            CUDNN_STATUS_SUCCESS);
  EXPECT_EQ(c.forward(handle_, implicit_gemm), CUDNN_STATUS_NOT_SUPPORTED_DATA_TYPE);
}

TEST_F(CudnnTest, FiltersThatTheGroupsDoNotDivide) {
  Convolution<float> c({.o = 5, .groups = 2});
  EXPECT_EQ(c.forward(handle_, implicit_gemm), CUDNN_STATUS_BAD_PARAM_SHAPE_MISMATCH);
  EXPECT_EQ(c.backward_data(handle_, CUDNN_CONVOLUTION_BWD_DATA_ALGO_1),
            CUDNN_STATUS_BAD_PARAM_SHAPE_MISMATCH);
  EXPECT_EQ(c.backward_filter(handle_, CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1),
            CUDNN_STATUS_BAD_PARAM_SHAPE_MISMATCH);
}

TEST_F(CudnnTest, MemoryThatIsNotThere) {
  Convolution<float> c({});
  const size_t nx = c.host_x.size(), nw = c.host_w.size(), ny = c.host_y.size();
  const DeviceBuffer<float> short_x(std::vector<float>(nx - 1)), short_w(std::vector<float>(nw - 1)),
      short_y(std::vector<float>(ny - 1)), uninitialised(nx);
  const auto reports = [&](const float* x, const float* w, float* y) {
    EXPECT_EQ(c.forward(handle_, implicit_gemm, x, w, y, nullptr, 0), CUDNN_STATUS_SUCCESS);
    return reports_after_work();
  };
  EXPECT_THAT(reports(short_x.get(), c.w.get(), c.y.get()),
              HasSubstr("out-of-bounds: cudnnConvolutionForward x"));
  EXPECT_THAT(reports(c.x.get(), short_w.get(), c.y.get()),
              HasSubstr("out-of-bounds: cudnnConvolutionForward w"));
  EXPECT_THAT(reports(c.x.get(), c.w.get(), short_y.get()),
              HasSubstr("out-of-bounds: cudnnConvolutionForward y"));
  EXPECT_THAT(reports(uninitialised.get(), c.w.get(), c.y.get()),
              HasSubstr("uninitialised: cudnnConvolutionForward x"));
  EXPECT_THAT(reports(c.host_x.data(), c.w.get(), c.y.get()),
              HasSubstr("host-pointer: cudnnConvolutionForward x"));
  DeviceBuffer<float> freed(c.host_w);
  freed.free();
  EXPECT_THAT(reports(c.x.get(), freed.get(), c.y.get()),
              HasSubstr("use-after-free: cudnnConvolutionForward w"));
  EXPECT_EQ(c.forward(handle_, implicit_gemm, nullptr, c.w.get(), c.y.get(), nullptr, 0),
            CUDNN_STATUS_BAD_PARAM_NULL_POINTER);
}

TEST_F(CudnnTest, ResultThatIsAnInputToo) {
  Convolution<float> c({.n = 1, .c = 1, .o = 1, .kernel = {1, 1}, .padding = {0, 0}});
  EXPECT_EQ(c.forward(handle_, implicit_gemm, c.x.get(), c.w.get(), c.x.get(), nullptr, 0),
            CUDNN_STATUS_SUCCESS);
  EXPECT_THAT(reports_after_work(), HasSubstr("overlap: cudnnConvolutionForward"));
}

TEST_F(CudnnTest, StreamsAreNotOrderedByThemselves) {
  const LazyStreams lazy;
  Convolution<float> c({});
  const NonBlockingStream first, second;
  ASSERT_EQ(cudnnSetStream(handle_, first), CUDNN_STATUS_SUCCESS);
  EXPECT_EQ(c.forward(handle_, implicit_gemm, c.x.get(), c.w.get(), c.y.get(), nullptr, 0),
            CUDNN_STATUS_SUCCESS);
  EXPECT_EQ(cudaMemsetAsync(c.x.get(), 0, 4, second), cudaSuccess);
  EXPECT_THAT(reports_after_work(), HasSubstr("stream-race"));
  ASSERT_EQ(cudnnSetStream(handle_, nullptr), CUDNN_STATUS_SUCCESS);
}

TEST_F(CudnnTest, HandlesThatAreNotAlive) {
  Convolution<float> c({});
  cudnnHandle_t other = nullptr;
  ASSERT_EQ(cudnnCreate(&other), CUDNN_STATUS_SUCCESS);
  ASSERT_EQ(cudnnDestroy(other), CUDNN_STATUS_SUCCESS);
  EXPECT_EQ(c.forward(other, implicit_gemm, c.x.get(), c.w.get(), c.y.get(), nullptr, 0),
            CUDNN_STATUS_NOT_INITIALIZED);
  EXPECT_THAT(reports_after_work(), HasSubstr("destroyed-handle: cudnnConvolutionForward"));
  EXPECT_EQ(c.forward(nullptr, implicit_gemm, c.x.get(), c.w.get(), c.y.get(), nullptr, 0),
            CUDNN_STATUS_BAD_PARAM_NULL_POINTER);
}

TEST_F(CudnnTest, FailuresThatATestOrders) {
  Convolution<float> c({});
  cuda_emulation_fail("cudnnConvolutionForward", 1, CUDNN_STATUS_EXECUTION_FAILED);
  EXPECT_EQ(c.forward(handle_, implicit_gemm), CUDNN_STATUS_EXECUTION_FAILED);
  EXPECT_EQ(c.forward(handle_, implicit_gemm), CUDNN_STATUS_SUCCESS);
}

TEST_F(CudnnTest, CallsAreCounted) {
  Convolution<float> c({});
  const uint64_t calls = cuda_emulation_counter("library_calls"),
                 waits = cuda_emulation_counter("synchronisations");
  EXPECT_EQ(c.forward(handle_, implicit_gemm, c.x.get(), c.w.get(), c.y.get(), nullptr, 0),
            CUDNN_STATUS_SUCCESS);
  EXPECT_EQ(cuda_emulation_counter("library_calls"), calls + 1);
  EXPECT_EQ(cuda_emulation_counter("synchronisations"), waits);
}

}  // namespace
}  // namespace plugrad::cuda_emulation
