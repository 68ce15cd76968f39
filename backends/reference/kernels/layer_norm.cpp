// Normalisation of each sample by itself: y = z weight + bias, z being x normalised (normalization.h).
//
//   layer_norm   over the trailing axes, which are those of weight
//   rms_norm     the same with a mean of 0, and without a bias
//   group_norm   over each of some groups of the channels, axis 1, with all axes after it
//
// dweight and dbias are the sums of dy z and of dy over the axes that weight has not.
#include "plugrad/backends/reference/normalization.h"

namespace plugrad::reference {
namespace {

template <class T>
constexpr T zero = 0;
// Zeros of the shape of `like`.
template <class T>
View<const T> zeros(const View<const T>& like) {
  return along(View<const T>{&zero<T>}, like, 0);
}

// Axes from `first` on.
Axes from(int first, int ndim) { return (only(ndim) - 1) & ~(only(first) - 1); }

// ---- layer_norm and rms_norm: attribute eps ----

void trailing(const Call& c, bool centred) {
  const int first = c.in(0).ndim - c.in(1).ndim;
  with_floating(c.out().dtype, [&]<class T>(Type<T>) {
    const auto x = view<const T>(c.in(0));
    const Normalized<T> n(x, from(first, x.ndim), c.real(0), centred);
    const auto bias = centred ? along(view<const T>(c.in(2)), x, first) : zeros(x);
    n.forward(view<T>(c.out()), along(view<const T>(c.in(1)), x, first), bias);
  });
}

void trailing_gradient(const Call& c, bool centred) {
  const int ndim = c.dout().ndim;
  with_floating(c.dout().dtype, [&]<class T>(Type<T>) {
    const auto dy = view<const T>(c.dout());
    if (centred && c.wants(2)) {
      Repeated sums(dy, only(ndim - c.din(2).ndim) - 1);
      for_each([](double& sum, double d) { sum += d; }, sums.view(), dy);
      store<T>(c.din(2), sums);
    }
    if (!c.wants(0) && !c.wants(1)) return;
    const int first = ndim - (c.wants(1) ? c.din(1) : c.in(1)).ndim;
    const Normalized<T> n(view<const T>(c.in(0)), from(first, ndim), c.real(0), centred);
    if (c.wants(0)) n.gradient(view<T>(c.din(0)), dy, along(view<const T>(c.in(1)), dy, first));
    if (!c.wants(1)) return;
    Repeated sums(dy, only(first) - 1);
    n.add_weight_gradient(sums.view(), dy);
    store<T>(c.din(1), sums);
  });
}

void layer_norm(const Call& c) { trailing(c, true); }
void layer_norm_gradient(const Call& c) { trailing_gradient(c, true); }
void rms_norm(const Call& c) { trailing(c, false); }
void rms_norm_gradient(const Call& c) { trailing_gradient(c, false); }

// ---- group_norm: attributes groups, eps ----

// Calls f(first channel, number of channels, axes to normalise over) for each group.
template <class F>
void for_each_group(const Call& c, const DLTensor& x, F f) {
  const int64_t each = x.shape[1] / c.integer(0);
  for (int64_t g = 0; g < c.integer(0); ++g) f(g * each, each, from(1, x.ndim));
}

void group_norm(const Call& c) {
  with_floating(c.out().dtype, [&]<class T>(Type<T>) {
    const auto x = view<const T>(c.in(0)), weight = view<const T>(c.in(1)), bias = view<const T>(c.in(2));
    const auto y = view<T>(c.out());
    for_each_group(c, c.in(0), [&](int64_t first, int64_t each, Axes axes) {
      const auto part = x.narrow(1, first, each);
      Normalized<T>(part, axes, c.real(1), true)
          .forward(y.narrow(1, first, each), along(weight.narrow(0, first, each), part, 1),
                   along(bias.narrow(0, first, each), part, 1));
    });
  });
}

void group_norm_gradient(const Call& c) {
  with_floating(c.dout().dtype, [&]<class T>(Type<T>) {
    const auto dy = view<const T>(c.dout());
    Repeated dweight(dy, ~only(1)), dbias(dy, ~only(1));
    for_each([](double& sum, double d) { sum += d; }, dbias.view(), dy);
    for_each_group(c, c.dout(), [&](int64_t first, int64_t each, Axes axes) {
      if (!c.wants(0) && !c.wants(1)) return;
      const auto dy_part = dy.narrow(1, first, each);
      const Normalized<T> n(view<const T>(c.in(0)).narrow(1, first, each), axes, c.real(1), true);
      n.add_weight_gradient(dweight.view().narrow(1, first, each), dy_part);
      if (!c.wants(0)) return;
      const auto weight = along(view<const T>(c.in(1)).narrow(0, first, each), dy_part, 1);
      n.gradient(view<T>(c.din(0)).narrow(1, first, each), dy_part, weight);
    });
    if (c.wants(1)) store<T>(c.din(1), dweight);
    if (c.wants(2)) store<T>(c.din(2), dbias);
  });
}

PLUGRAD_KERNELS(layer_norm, layer_norm, layer_norm_gradient);
PLUGRAD_KERNELS(rms_norm, rms_norm, rms_norm_gradient);
PLUGRAD_KERNELS(group_norm, group_norm, group_norm_gradient);

}  // namespace
}  // namespace plugrad::reference
