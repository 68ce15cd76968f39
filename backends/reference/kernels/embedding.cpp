// Rows chosen by an index.
//
//   embedding   y[...,k] = weight[index[...],k]         dweight = 0, dweight[index[...],k] += dy[...,k]
//   one_hot     y[...,k] = 1 where index[...] = k, else 0    (locally constant)
#include "plugrad/backends/reference/loops.h"
#include "plugrad/backends/reference/numbers.h"

namespace plugrad::reference {
namespace {

template <class I>
void check(const View<const I>& index, int64_t length, const char* things) {
  for_each([&](I i) { checked_index(i, length, things); }, index);
}

void embedding(const Call& c) {
  with_floating(c.out().dtype, [&]<class T>(Type<T>) {
    with_integer(c.in(1).dtype, [&]<class I>(Type<I>) {
      const auto weight = view<const T>(c.in(0));
      const auto index = view<const I>(c.in(1));
      const auto y = view<T>(c.out());
      check(index, weight.shape[0], "rows");
      for (int64_t k = 0; k < weight.shape[1]; ++k)
        for_each([&](T& value, I row) { value = weight(row, k); }, y.at(index.ndim, k), index);
    });
  });
}

void embedding_gradient(const Call& c) {
  if (!c.wants(0)) return;
  with_floating(c.dout().dtype, [&]<class T>(Type<T>) {
    with_integer(c.in(1).dtype, [&]<class I>(Type<I>) {
      const auto sums = workspace(c, 0.0, c.din(0));
      const auto index = view<const I>(c.in(1));
      const auto dy = view<const T>(c.dout());
      for (int64_t k = 0; k < sums.shape[1]; ++k)
        for_each([&](T d, I row) { sums(row, k) += d; }, dy.at(index.ndim, k), index);
      store<T>(c.din(0), sums);
    });
  });
}

void one_hot(const Call& c) {
  const int64_t classes = c.integer(0);
  with_integer(c.in(0).dtype, [&]<class I>(Type<I>) {
    const auto index = view<const I>(c.in(0));
    const auto y = view<float>(c.out());
    check(index, classes, "classes");
    for (int64_t k = 0; k < classes; ++k)
      for_each([&](float& value, I i) { value = i == k ? 1.0F : 0.0F; }, y.at(index.ndim, k), index);
  });
}

PLUGRAD_KERNELS(embedding, embedding, embedding_gradient);
PLUGRAD_FORWARD(one_hot, one_hot);

}  // namespace
}  // namespace plugrad::reference
