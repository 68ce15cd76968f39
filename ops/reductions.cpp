#include "plugrad/ops/reductions.h"

namespace plugrad {

namespace {

// `shape` with length 1 along `axes`; none named: along all.
Shape with_ones(Shape shape, const Axes& axes) {
  for (int k = 0; k < shape.ndim(); ++k)
    if (axes.size() == 0) shape[k] = 1;
  for (int k = 0; k < axes.size(); ++k) shape[normalize_axis(axes[k], shape, "reduction")] = 1;
  return shape;
}

}  // namespace

void reduced_shape(const Array& x, uint32_t mask, bool keepdims, Shape& out) {
  int n = 0;
  for (int k = 0; k < x.ndim(); ++k)
    if (!(mask >> k & 1)) out[n++] = x.dims()[k];
    else if (keepdims) out[n++] = 1;
  out.set_ndim(n);
}

void infer_reduction(Inference& i) {
  reduced_shape(i.in(0), i.axes(0), i.integer(1) != 0, i.out().shape);
  i.out().dtype = i.in(0).dtype();
}

double reduced_count(const Shape& x, const Axes& axes) {
  const Shape kept = with_ones(x, axes);
  double n = 1;
  for (int k = 0; k < x.ndim(); ++k)
    if (kept[k] == 1) n *= static_cast<double>(x[k]);
  return n;
}

Axes axes_of(const Composition& c) {
  Axes axes;
  for (int k = 0; k < c.attribute(0).count; ++k) axes.push_back(c.attribute(0).as.ints[k]);
  return axes;
}

Array with_reduced_axes(const Gradient& g, const Array& y) {
  return reshape(y, with_ones(g.shape(0), g.axes(0)));
}

}  // namespace plugrad
