#include "plugrad/core/schema.h"

#include <fmt/format.h>

#include "plugrad/core/tape.h"

namespace plugrad {

int normalize_axis(int64_t axis, const Shape& shape, const char* op) {
  if (axis < -shape.ndim() || axis >= shape.ndim())
    throw ShapeError(fmt::format("{}: axis {} out of range for shape {}", op, axis, to_string(shape)));
  return static_cast<int>(axis < 0 ? axis + shape.ndim() : axis);
}

// ---- what shape rules see ----

void Inference::fail(const std::string& what) const {
  std::string shapes;
  for (int i = 0; i < n_in_; ++i) shapes += fmt::format("{}{}", i ? " and " : "", to_string(in(i).shape()));
  throw ShapeError(fmt::format("{}: {}{}{}", op_.name, what, n_in_ ? " for shape " : "", shapes));
}

Shape Inference::shape(int i) const {
  if (count(i) > max_ndim)
    throw ShapeError(fmt::format("{}: {} axes, at most {} are possible", op_.name, count(i), max_ndim));
  for (int k = 0; k < count(i); ++k)
    if (integers(i)[k] < 0)
      throw ShapeError(fmt::format("{}: negative length {} of axis {}", op_.name, integers(i)[k], k));
  return Shape(integers(i), count(i));
}

int Inference::axis(int i, int input) const {
  return normalize_axis(integer(i), in(input).shape(), op_.name);
}

uint32_t Inference::axes(int i, int input) const {
  const int ndim = in(input).ndim();
  if (count(i) == 0) return (1u << ndim) - 1;
  uint32_t mask = 0;
  for (int k = 0; k < count(i); ++k) {
    const uint32_t bit = 1u << normalize_axis(integers(i)[k], in(input).shape(), op_.name);
    if (mask & bit) fail(fmt::format("axis {} named twice", integers(i)[k]));
    mask |= bit;
  }
  return mask;
}

void infer_same(Inference& i) {
  i.out().shape.assign(i.in(0).dims(), i.in(0).ndim());
  i.out().dtype = i.in(0).dtype();
}

bool join_broadcast(Shape& shape, const Shape& x) {
  const int ndim = std::max(shape.ndim(), x.ndim());
  const int lead_shape = ndim - shape.ndim(), lead_x = ndim - x.ndim();
  for (int k = ndim; k-- > 0;) {  // from the end, so that a shape that grows is not overwritten early
    const int64_t a = k >= lead_shape ? shape[k - lead_shape] : 1, b = k >= lead_x ? x[k - lead_x] : 1;
    if (a != b && a != 1 && b != 1) return false;
    shape[k] = a == 1 ? b : a;
  }
  shape.set_ndim(ndim);
  return true;
}

void infer_broadcast(Inference& i) {
  infer_same(i);
  Shape& out = i.out().shape;
  for (int k = 1; k < i.n_in(); ++k) {
    const Array& x = i.in(k);
    bool equal = x.ndim() == out.ndim();
    for (int d = 0; equal && d < x.ndim(); ++d) equal = x.dims()[d] == out[d];
    if (!equal && !join_broadcast(out, x.shape())) i.fail("cannot broadcast");
  }
}

void infer_broadcast_bool(Inference& i) {
  infer_broadcast(i);
  i.out().dtype = DType::bool_;
}

// ---- what compositions see ----

const Array& Gradient::in(int i) const { return node_.in()[i].saved; }
const Array& Gradient::out(int i) const { return node_.out()[i].saved; }
Shape Gradient::shape(int i) const {
  const detail::NodeInput& in = node_.in()[i];
  return in.shape ? *in.shape : in.saved ? in.saved.shape() : dy_[0].shape();
}
int Gradient::n_in() const { return node_.n_in; }
double Gradient::real(int i) const { return node_.attr()[i].as.f; }
int64_t Gradient::integer(int i) const { return node_.attr()[i].as.i; }
const int64_t* Gradient::integers(int i) const { return node_.attr()[i].as.ints; }
int Gradient::count(int i) const { return node_.attr()[i].count; }
Axes Gradient::axes(int i) const {
  Axes a;
  for (int k = 0; k < count(i); ++k) a.push_back(integers(i)[k]);
  return a;
}

// ---- samples ----

void Samples::add(std::vector<Sample::Input> in, std::initializer_list<Value> attr, int n_out) {
  Sample s;
  s.in = std::move(in);
  s.n_out = n_out;
  s.ints.reserve(attr.size());  // the attributes point into it
  for (const Value& v : attr) {
    s.attr.push_back(v);
    if (v.tag != PLUGRAD_INTS) continue;
    s.ints.emplace_back(v.as.ints, v.as.ints + v.count);
    s.attr.back().as.ints = s.ints.back().data();
  }
  all_.push_back(std::move(s));
}

}  // namespace plugrad
