// embedding: y[i] = weight[index[i]]; dweight[r] = the sum of dy[i] where index[i] = r, in the order of i.
// one_hot: y[i] = zeros, and 1 at index[i].
#include <algorithm>

#include "plugrad/backends/cpu/indices.h"
#include "plugrad/backends/cpu/strided.h"

namespace plugrad::cpu {
namespace {

// Calls f(i, index) for each element of an integer array in row-major order; checks that index is in [0, n).
template <class F>
void for_each_index(const Call& c, const DLTensor& t, int64_t n, const char* what, F&& f) {
  plugin::with_integer(t.dtype, [&](auto type) {
    const auto* index = compact<typename decltype(type)::type>(c, t);
    for (int64_t i = 0, m = size(t); i < m; ++i) {
      if (index[i] < 0 || index[i] >= n) out_of_range(index[i], n, what);
      f(i, static_cast<int64_t>(index[i]));
    }
  });
}

void embedding(const Call& c) {
  plugin::with_floating(c.out().dtype, [&](auto t) {
    using T = typename decltype(t)::type;
    const DLTensor& weight = c.in(0);
    const T* from = data<const T>(weight);
    T* to = data<T>(c.out());
    const int64_t run = weight.shape[1];
    for_each_index(c, c.in(1), weight.shape[0], "rows", [&](int64_t i, int64_t row) {
      pack_run(to + i * run, from + row * weight.strides[0], weight.strides[1], run);
    });
  });
}

void embedding_gradient(const Call& c) {
  plugin::with_floating(c.dout().dtype, [&](auto t) {
    using T = typename decltype(t)::type;
    const DLTensor& dweight = c.din(0);
    T* to = data<T>(dweight);
    std::fill_n(to, size(dweight), T{});
    const T* dy = compact<T>(c, c.dout());
    const int64_t run = dweight.shape[1];
    for_each_index(c, c.in(1), dweight.shape[0], "rows", [&](int64_t i, int64_t row) {
      T* __restrict sum = to + row * run;
      const T* __restrict part = dy + i * run;
      for (int64_t j = 0; j < run; ++j) sum[j] += part[j];
    });
  });
}

void one_hot(const Call& c) {
  float* to = data<float>(c.out());
  const int64_t classes = c.integer(0);
  std::fill_n(to, size(c.out()), 0.0f);
  for_each_index(c, c.in(0), classes, "classes", [&](int64_t i, int64_t k) { to[i * classes + k] = 1; });
}

PLUGRAD_KERNELS(embedding, embedding, embedding_gradient);
PLUGRAD_FORWARD(one_hot, one_hot);

}  // namespace
}  // namespace plugrad::cpu
