// Elements and rows chosen by an index, whose number i has the place p(i) in a walk over the selected axes.
//
//   take          y[i] = x[p(i)]                     dx = 0, dx[p(i)] += dy[i]
//   index_add     y = x, y[p(i)] += source[i]        (no kernel)
//   ravel_index   i0, i1, ... -> (i0 n1 + i1) n2 + ...    (locally constant)
#include "plugrad/backends/reference/selection.h"

namespace plugrad::reference {
namespace {

void take(const Call& c) {
  with_any(c.out().dtype, [&]<class T>(Type<T>) {
    for_each_entry(
        c, c.in(1), view<T>(c.out()), c.in(0), view<const T>(c.in(0)), c.integer(2) != 0,
        [](const View<T>& y, const View<const T>& x) { for_each([](T& to, T from) { to = from; }, y, x); });
  });
}

template <class T>
void add_entries(const Call& c, const DLTensor& index, const DLTensor& source, const DLTensor& x,
                 const View<Sum<T>>& sums, bool from_end) {
  for_each_entry(c, index, view<const T>(source), x, sums, from_end,
                 [](const View<const T>& entry, const View<Sum<T>>& sum) {
                   for_each([](T value, Sum<T>& s) { s += static_cast<Sum<T>>(value); }, entry, sum);
                 });
}

void take_gradient(const Call& c) {
  if (!c.wants(0)) return;
  with_floating(c.dout().dtype, [&]<class T>(Type<T>) {
    const auto sums = workspace(c, Sum<T>(0), c.din(0));
    add_entries<T>(c, c.in(1), c.dout(), c.din(0), sums, c.integer(2) != 0);
    store<T>(c.din(0), sums);
  });
}

void index_add(const Call& c) {
  with_number(c.out().dtype, [&]<class T>(Type<T>) {
    const auto sums = workspace(c, Sum<T>(0), c.out());
    for_each([](Sum<T>& sum, T x) { sum = static_cast<Sum<T>>(x); }, sums, view<const T>(c.in(0)));
    add_entries<T>(c, c.in(1), c.in(2), c.in(0), sums, false);
    store<T>(c.out(), sums);
  });
}

void ravel_index(const Call& c) {
  fill<int64_t>(c.out(), 0);
  for (int k = 0; k < c.n_in(); ++k) {
    const int64_t length = c.integers(0)[k];
    with_integer(c.in(k).dtype, [&]<class I>(Type<I>) {
      for_each([length](int64_t& place, I i) { place = place * length + checked_place(i, length, true); },
               view<int64_t>(c.out()), broadcast(view<const I>(c.in(k)), c.out()));
    });
  }
}

PLUGRAD_KERNELS(take, take, take_gradient);
PLUGRAD_FORWARD(index_add, index_add);
PLUGRAD_FORWARD(ravel_index, ravel_index);

}  // namespace
}  // namespace plugrad::reference
