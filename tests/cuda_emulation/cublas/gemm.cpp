// Matrix products as cuBLAS's manual describes them: sections "cublas<t>gemm()", "cublas<t>gemmBatched()" and
// "cublas<t>gemmStridedBatched()".
#include "plugrad/tests/cuda_emulation/cublas/gemm.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>

#include "plugrad/tests/cuda_emulation/counters.h"
#include "plugrad/tests/cuda_emulation/cublas/product.h"
#include "plugrad/tests/cuda_emulation/device_memory.h"
#include "plugrad/tests/cuda_emulation/library/overlap.h"
#include "plugrad/tests/cuda_emulation/library/tf32.h"
#include "plugrad/tests/cuda_emulation/reports.h"
#include "plugrad/tests/cuda_emulation/streams.h"

namespace plugrad::cuda_emulation::cublas {

namespace {

// The matrices of one operand as they lie in memory: column-major, `rows` of each column's `ld` elements.
template <class T>
struct Stored {
  T* data;
  int64_t rows, columns, ld, stride;
  const char* name;

  T* column(int64_t i, int64_t j) const { return data + i * stride + j * ld; }
  size_t column_bytes() const { return static_cast<size_t>(rows) * sizeof(T); }
  bool compact() const { return ld == rows || columns == 1; }

  bool check(int64_t i, bool write, const char* call) const {
    const std::string what = std::string(call) + " " + name;
    if (rows == 0 || columns == 0) return true;
    if (compact())
      return check_range(column(i, 0), column_bytes() * static_cast<size_t>(columns), write, what.c_str());
    for (int64_t j = 0; j < columns; ++j)
      if (!check_range(column(i, j), column_bytes(), write, what.c_str())) return false;
    return true;
  }
  void add_extents(std::vector<Extent>& extents, int64_t batch) const {
    for (int64_t i = 0; i < batch; ++i)
      for (int64_t j = 0; j < columns; ++j) extents.emplace_back(column(i, j), column_bytes());
  }
};

template <class T>
Stored<const T> stored_a(const Gemm<T>& g) {
  if (g.op_a == CUBLAS_OP_N) return {g.a, g.m, g.k, g.lda, g.stride_a, "A"};
  return {g.a, g.k, g.m, g.lda, g.stride_a, "A"};
}
template <class T>
Stored<const T> stored_b(const Gemm<T>& g) {
  if (g.op_b == CUBLAS_OP_N) return {g.b, g.k, g.n, g.ldb, g.stride_b, "B"};
  return {g.b, g.n, g.k, g.ldb, g.stride_b, "B"};
}
template <class T>
Stored<T> stored_c(const Gemm<T>& g) {
  return {g.c, g.m, g.n, g.ldc, g.stride_c, "C"};
}

bool known(cublasOperation_t op) { return op == CUBLAS_OP_N || op == CUBLAS_OP_T || op == CUBLAS_OP_C; }

// The tables of errors of all calls: CUBLAS_STATUS_INVALID_VALUE "if m < 0 or n < 0 or k < 0", "if transa
// and transb are not one of CUBLAS_OP_N, CUBLAS_OP_C, CUBLAS_OP_T", "if lda < max(1, m) when transa ==
// CUBLAS_OP_N and lda < max(1, k) otherwise", likewise for ldb (k, n) and ldc (m), and if alpha or beta are
// NULL.
template <class T>
bool valid(const Gemm<T>& g) {
  if (g.m < 0 || g.n < 0 || g.k < 0 || g.batch < 0 || !known(g.op_a) || !known(g.op_b)) return false;
  const auto long_enough = [](const auto& s) { return s.ld >= std::max<int64_t>(1, s.rows); };
  return long_enough(stored_a(g)) && long_enough(stored_b(g)) && long_enough(stored_c(g)) && g.alpha &&
         g.beta;
}

template <class T>
struct Scalars {
  T alpha, beta;
};

// The scalars of a call whose pointer mode is CUBLAS_POINTER_MODE_DEVICE are read when the work runs.
template <class T>
bool read_scalars(const Gemm<T>& g, Scalars<T>* s) {
  const std::string call = g.call;
  if (!check_range(g.alpha, sizeof(T), false, (call + " alpha").c_str()) ||
      !check_range(g.beta, sizeof(T), false, (call + " beta").c_str()))
    return false;
  *s = {*g.alpha, *g.beta};
  return true;
}

// The compact column-major op(stored matrix).
template <class T>
std::vector<double> read_operand(const Stored<const T>& s, int64_t i, bool transposed, bool tf32) {
  std::vector<double> values(static_cast<size_t>(s.rows * s.columns));
  for (int64_t column = 0; column < s.columns; ++column)
    for (int64_t row = 0; row < s.rows; ++row) {
      T value = s.column(i, column)[row];
      if constexpr (sizeof(T) == sizeof(float)) value = tf32 ? round_to_tf32(value) : value;
      values[static_cast<size_t>(transposed ? column + row * s.columns : row + column * s.rows)] = value;
    }
  return values;
}

// Whatever the caller keeps in the workspace is gone after the call. cuBLAS 2.4.8: the library's kernels
// "rely on workspace being intact", so it is the library's alone.
bool take_workspace(const cublasContext& context, const char* call) {
  constexpr size_t most = 16 << 10;
  if (!context.workspace) return true;
  const size_t bytes = std::min(context.workspace->bytes, most);
  if (!check_range(context.workspace->data, bytes, true, (std::string(call) + " workspace").c_str()))
    return false;
  if (bytes > 0) std::memset(context.workspace->data, 0xcd, bytes);
  return true;
}

template <class T>
void run_one(const Gemm<T>& g, const Scalars<T>& s, int64_t i, bool tf32) {
  // NETLIB's sgemm, which the manual refers to: with alpha == 0 or k == 0, A and B are not referenced.
  const bool reads = s.alpha != T(0) && g.k > 0;
  const auto a = stored_a(g), b = stored_b(g);
  const auto c = stored_c(g);
  if (reads && (!a.check(i, false, g.call) || !b.check(i, false, g.call))) return;
  // "If beta == 0, C does not have to be a valid input": it is not read then.
  if (s.beta != T(0) && !c.check(i, false, g.call)) return;
  if (!c.check(i, true, g.call)) return;
  std::vector<double> product(static_cast<size_t>(g.m * g.n), 0.0);
  if (reads)
    product = multiply(read_operand(a, i, g.op_a != CUBLAS_OP_N, tf32),
                       read_operand(b, i, g.op_b != CUBLAS_OP_N, tf32), g.m, g.n, g.k);
  const double alpha = s.alpha, beta = s.beta;
  for (int64_t j = 0; j < g.n; ++j)
    for (int64_t row = 0; row < g.m; ++row) {
      T& z = c.column(i, j)[row];
      const double x = reads ? alpha * product[static_cast<size_t>(row + j * g.m)] : 0.0;
      z = static_cast<T>(s.beta != T(0) ? x + beta * static_cast<double>(z) : x);
    }
}

// "C[i] matrices must not overlap, i.e. the individual gemm operations must be computable independently"; and
// C is no part of A or B, as in NETLIB's sgemm, whose arguments Fortran forbids to alias.
template <class T>
void report_overlap(std::span<const Gemm<T>> calls) {
  std::vector<Extent> written, read;
  for (const Gemm<T>& g : calls) {
    stored_c(g).add_extents(written, g.batch);
    if (g.k == 0) continue;
    stored_a(g).add_extents(read, g.batch);
    stored_b(g).add_extents(read, g.batch);
  }
  if (overlaps(std::move(written), std::move(read)))
    report("overlap", "{}: C overlaps A, B, or another C of the batch", calls.front().call);
}

// Of the batched call: an offset "must not be zero".
template <class T>
void report_zero_strides(const Gemm<T>& g) {
  if (g.batch > 1 && (g.stride_a == 0 || g.stride_b == 0 || g.stride_c == 0))
    report("zero-stride", "{}: strides {}, {}, {} of a batch of {}", g.call, g.stride_a, g.stride_b,
           g.stride_c, g.batch);
}

// The header on CUBLAS_TF32_TENSOR_OP_MATH: "allow accelerating single precision routines using TF32 tensor
// cores".
bool uses_tf32(const cublasContext& context) {
  constexpr int precision_modes = 15;
  return (context.math_mode & precision_modes) == CUBLAS_TF32_TENSOR_OP_MATH && has_tf32(context.device);
}

// cuBLAS 2.4.8: too small a workspace "may cause some routines to fail with CUBLAS_STATUS_ALLOC_FAILED"; 16
// KiB "is enough to prevent" that. Here large products with less do fail.
template <class T>
bool workspace_too_small(const cublasContext& context, const Gemm<T>& g) {
  return context.workspace && context.workspace->bytes < (16 << 10) && g.k >= 64;
}

// The matrices that the pointers of cublas<t>gemmBatched point at, each as a call of cublas<t>gemm; none, if
// they can't be read. The manual's table says of Aarray, Barray and Carray that they lie on the "device": the
// pointers are read when the work runs.
template <class T>
std::vector<Gemm<T>> pointed_at(const Gemm<T>& g) {
  const std::string call = g.call;
  const size_t bytes = static_cast<size_t>(g.batch) * sizeof(T*);
  std::vector<Gemm<T>> each;
  if (!check_range(g.a_pointers, bytes, false, (call + " Aarray").c_str()) ||
      !check_range(g.b_pointers, bytes, false, (call + " Barray").c_str()) ||
      !check_range(g.c_pointers, bytes, false, (call + " Carray").c_str()))
    return each;
  for (int64_t i = 0; i < g.batch; ++i) {
    each.push_back(g);
    each.back().a = g.a_pointers[i];
    each.back().b = g.b_pointers[i];
    each.back().c = g.c_pointers[i];
    each.back().batch = 1;
  }
  return each;
}

// "If math mode enables fast math modes when using cublasSgemmBatched(), pointers (not the pointer arrays)
// placed in the GPU memory must be properly aligned": "if k % 4 == 0 then ensure intptr_t(ptr) % 16 == 0".
template <class T>
void report_misaligned(const Gemm<T>& g) {
  const auto aligned = [](const void* p) { return reinterpret_cast<std::uintptr_t>(p) % 16 == 0; };
  if (g.k % 4 == 0 && !(aligned(g.a) && aligned(g.b) && aligned(g.c)))
    report("misaligned", "{}: a matrix is not aligned to 16 bytes, and the math mode is a fast one", g.call);
}

template <class T>
void run_batched(const Gemm<T>& g, const Scalars<T>& s, bool tf32) {
  const std::vector<Gemm<T>> each = pointed_at(g);
  report_overlap<T>(each);
  for (const Gemm<T>& one : each) {
    if (tf32) report_misaligned(one);
    run_one(one, s, 0, tf32);
  }
}

template <class T>
cublasStatus_t enqueue_work(const cublasContext& context, const Gemm<T>& g) {
  const bool on_device = context.pointer_mode == CUBLAS_POINTER_MODE_DEVICE;
  Scalars<T> scalars = {};
  if (!on_device) {
    if (is_device_pointer(g.alpha) || is_device_pointer(g.beta)) {
      report("bad-pointer", "{}: alpha or beta lies on the device, the pointer mode says host", g.call);
      return CUBLAS_STATUS_INVALID_VALUE;
    }
    scalars = {*g.alpha, *g.beta};
  }
  const bool tf32 = uses_tf32(context);
  const auto work = [=]() mutable {
    const DeviceAccess open;
    if ((on_device && !read_scalars(g, &scalars)) || !take_workspace(context, g.call)) return;
    if (g.a_pointers) return run_batched(g, scalars, tf32);
    for (int64_t i = 0; i < g.batch; ++i) run_one(g, scalars, i, tf32);
  };
  return enqueue(context.stream, work, g.call) == cudaSuccess ? CUBLAS_STATUS_SUCCESS
                                                              : CUBLAS_STATUS_EXECUTION_FAILED;
}

}  // namespace

template <class T>
cublasStatus_t gemm(const cublasContext& context, const Gemm<T>& g) {
  if (!valid(g)) return CUBLAS_STATUS_INVALID_VALUE;
  if (g.m == 0 || g.n == 0 || g.batch == 0) return CUBLAS_STATUS_SUCCESS;
  // The table of cublas<t>gemm: INVALID_VALUE if "C is NULL when C needs to be scaled".
  if (!g.c) return CUBLAS_STATUS_INVALID_VALUE;
  if (workspace_too_small(context, g)) return CUBLAS_STATUS_ALLOC_FAILED;
  report_zero_strides(g);
  report_overlap<T>({&g, 1});
  count(Counter::LibraryCalls);
  return enqueue_work(context, g);
}

template <class T>
cublasStatus_t gemm_batched(const cublasContext& context, const Gemm<T>& g) {
  if (!valid(g)) return CUBLAS_STATUS_INVALID_VALUE;
  if (g.m == 0 || g.n == 0 || g.batch == 0) return CUBLAS_STATUS_SUCCESS;
  if (!g.a_pointers || !g.b_pointers || !g.c_pointers) return CUBLAS_STATUS_INVALID_VALUE;
  if (workspace_too_small(context, g)) return CUBLAS_STATUS_ALLOC_FAILED;
  count(Counter::LibraryCalls);
  return enqueue_work(context, g);
}

template cublasStatus_t gemm_batched(const cublasContext&, const Gemm<float>&);
template cublasStatus_t gemm_batched(const cublasContext&, const Gemm<double>&);
template cublasStatus_t gemm(const cublasContext&, const Gemm<float>&);
template cublasStatus_t gemm(const cublasContext&, const Gemm<double>&);

}  // namespace plugrad::cuda_emulation::cublas
