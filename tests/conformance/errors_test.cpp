// Calls that make no sense are refused before anything happens: with a typed error that starts with the op's
// name, and nothing recorded.
#include <fmt/format.h>

#include <functional>

#include "plugrad/core/tape.h"
#include "plugrad/tests/conformance/calls.h"
#include "plugrad/tests/conformance/compare.h"
#include "plugrad/tests/conformance/suite.h"

namespace plugrad::conformance {

namespace {

enum class Outcome { succeeds, shape_error, dtype_error, device_error, other_error };

struct Attempt {
  Outcome outcome;
  std::string message;
  std::vector<Array> out;
};

Attempt attempt(const std::function<std::vector<Array>()>& f) {
  try {
    return {Outcome::succeeds, "", f()};
  } catch (const ShapeError& e) {
    return {Outcome::shape_error, e.what(), {}};
  } catch (const DTypeError& e) {
    return {Outcome::dtype_error, e.what(), {}};
  } catch (const DeviceError& e) {
    return {Outcome::device_error, e.what(), {}};
  } catch (const Error& e) {
    return {Outcome::other_error, e.what(), {}};
  }
}

// The outcome of a call while recording. Of a refused one, the message names the op and the tape is as
// before.
Outcome outcome_of(const Case& c, std::vector<Array> in, Device device) {
  Recording recording;
  for (Array& x : in)
    if (x && is_floating(x.dtype())) x = recording.leaf(x);
  const Node* const newest = detail::thread_state().last;
  const Attempt a = attempt([&] { return call(c, in, device); });
  if (a.outcome == Outcome::succeeds)  // what only a device's kernel finds is said when the host waits for it
    return attempt([&] { return synchronize(device), a.out; }).outcome;
  EXPECT_EQ(detail::thread_state().last, newest) << "something was recorded";
  const std::string name = c.op->schema->name;
  const bool named = a.message.starts_with(name + ":") || a.message.starts_with(name + " on ");
  EXPECT_TRUE(named) << "the message does not start with the op's name: " << a.message;
  return a.outcome;
}

void expect_refused(const Case& c, const std::vector<Array>& in, Device device, Outcome expected,
                    const char* what) {
  EXPECT_EQ(static_cast<int>(outcome_of(c, in, device)), static_cast<int>(expected)) << what;
}

// Changes that may make sense or not: then a ShapeError is right, and nothing worse.
void expect_fits_or_shape_error(const Case& c, const std::vector<Array>& in, Device device) {
  if (::testing::Test::HasFailure()) return;  // one says enough: the others fail alike
  SCOPED_TRACE(c.text());
  const Outcome o = outcome_of(c, in, device);
  EXPECT_TRUE(o == Outcome::succeeds || o == Outcome::shape_error)
      << "neither succeeds nor is it a ShapeError";
}

void check_counts(const Row& op, Device device) {
  const Case c = typical_case(op, {});
  const std::vector<Array> in = c.arrays(device);
  const int n_in = op.schema->n_in;
  std::vector<Array> more = in, fewer = in;
  more.push_back(in.empty() ? to_array({{2}, float32, {1, 2}}, device) : in[0]);
  if (n_in >= 0) expect_refused(c, more, device, Outcome::shape_error, "one input too many");
  if (!fewer.empty()) fewer.pop_back();
  while (n_in < 0 && static_cast<int>(fewer.size()) >= -n_in) fewer.pop_back();
  if (n_in != 0) expect_refused(c, fewer, device, Outcome::shape_error, "one input too few");
  for (size_t i = 0; i < in.size(); ++i) {
    std::vector<Array> hole = in;
    hole[i] = Array();
    expect_refused(c, hole, device, Outcome::other_error, "an empty array");
  }
  Case changed = c;
  changed.attr.push_back(Value(1));
  expect_refused(changed, in, device, Outcome::other_error, "one attribute too many");
  if (!c.attr.empty()) {
    changed.attr.resize(c.attr.size() - 1, Value(0));
    expect_refused(changed, in, device, Outcome::other_error, "one attribute too few");
  }
  changed = c;
  changed.n_out = op.schema->n_out > 0 ? op.schema->n_out + 1 : 0;
  expect_refused(changed, in, device, Outcome::shape_error, "a wrong number of outputs");
}
const Registration counts({"CountErrors", every_op, check_counts});

DTypeSet accepted(const OpSchema& s, size_t input) {
  return s.dtypes[s.dtype_rule == DTypeRule::separate ? std::min<size_t>(input, max_differentiable_inputs - 1)
                                                      : 0];
}

// The same shape in another dtype, all ones.
Array ones_of(const Values& v, DType dtype, Device device) {
  return to_array({v.shape, dtype, std::vector<double>(v.elements.size(), 1.0)}, device);
}

// What becomes of inputs that are all of `dtype`.
void check_common_dtype(const Case& c, DType dtype, Device device) {
  const OpSchema& s = *c.op->schema;
  std::vector<Array> in;
  bool fits = true;
  for (size_t i = 0; i < c.in.size(); ++i) {
    in.push_back(ones_of(c.in[i], dtype, device));
    fits &= (accepted(s, i) & set_of(dtype)) != 0;
  }
  const bool promoted = s.dtype_rule == DTypeRule::promote_floating && !is_floating(dtype);
  const bool no_type = dtype == DType::float16 || dtype == DType::bfloat16;  // a dtype that no kernel has yet
  const Outcome o = outcome_of(c, in, device);
  if (!fits && !promoted) EXPECT_EQ(static_cast<int>(o), static_cast<int>(Outcome::dtype_error));
  else if (no_type) EXPECT_TRUE(o == Outcome::dtype_error || c.op->kind == OpKind::view);
  else EXPECT_TRUE(o == Outcome::succeeds || o == Outcome::shape_error);
}

void check_dtypes(const Row& op, Device device) {
  const Case c = typical_case(op, {});
  for (int d = 0; d < n_dtypes; ++d) {
    SCOPED_TRACE(name(static_cast<DType>(d)));
    check_common_dtype(c, static_cast<DType>(d), device);
  }
}
const Registration dtypes({"DTypeErrors", has_inputs, check_dtypes});

// Two dtypes that an op takes one by one: refused together, or promoted to their common one.
void check_mixed_dtypes(const Row& op, Device device) {
  const OpSchema& s = *op.schema;
  const Case c = typical_case(op, {});
  for (const DType a : all_dtypes)
    for (const DType b : all_dtypes) {
      if (a == b || c.in.size() < 2 || !(accepted(s, 0) & set_of(promote(a, b)))) continue;
      SCOPED_TRACE(fmt::format("{} and {}", name(a), name(b)));
      const std::vector<Array> in = {ones_of(c.in[0], a, device), ones_of(c.in[1], b, device)};
      if (s.dtype_rule == DTypeRule::same) {
        expect_refused(c, in, device, Outcome::dtype_error, "two dtypes");
        continue;
      }
      const std::vector<Array> common = {ones_of(c.in[0], promote(a, b), device),
                                         ones_of(c.in[1], promote(a, b), device)};
      EXPECT_TRUE(same_bits(call(c, in, device), call(c, common, device)));
    }
}
bool takes_two(const Row& op) { return op.schema->n_in == 2 && op.schema->dtype_rule != DTypeRule::separate; }
const Registration mixed_dtypes({"MixedDTypes", takes_two, check_mixed_dtypes});

void check_devices(const Row& op, Device device) {
  const Case c = typical_case(op, {});
  const Device elsewhere = device == reference_device() ? device_of("cpu") : reference_device();
  std::vector<Array> in = c.arrays(device);
  if (in.size() < 2) return;
  in.back() = c.arrays(elsewhere).back();
  expect_refused(c, in, device, Outcome::device_error, "operands on two devices");
}
bool takes_several(const Row& op) { return op.schema->n_in > 1 || op.schema->n_in < 0; }
const Registration devices({"DeviceErrors", takes_several, check_devices});

void check_broadcasting(const Row& op, Device device) {
  Case c = typical_case(op, {});
  for (size_t i = 0; i < c.in.size(); ++i) {
    SCOPED_TRACE("input " + std::to_string(i));
    std::vector<Array> in;
    for (size_t k = 0; k < c.in.size(); ++k) {
      const Shape shape{2, k == i ? 4 : 3};
      in.push_back(ones_of({shape, c.in[k].dtype, std::vector<double>(static_cast<size_t>(shape.size()))},
                           c.in[k].dtype, device));
    }
    expect_refused(c, in, device, Outcome::shape_error, "shapes that do not broadcast");
  }
}
bool broadcasts(const Row& op) { return op.schema->broadcasts; }
const Registration broadcasting({"BroadcastErrors", broadcasts, check_broadcasting});

// Values of an array whose shape was changed: zeros fill what is new.
Values reshaped(const Values& v, const Shape& shape) {
  Values changed{shape, v.dtype, v.elements};
  changed.elements.resize(static_cast<size_t>(shape.size()), 0);
  return changed;
}

std::vector<Shape> neighbours(const Shape& shape) {
  std::vector<Shape> all;
  for (int k = 0; k < shape.ndim(); ++k) {
    Shape s = shape;
    for (const int64_t length : {shape[k] + 1, int64_t{0}, int64_t{1}}) {
      s[k] = length;
      all.push_back(s);
    }
  }
  if (shape.ndim() < max_ndim) {
    Shape longer = shape;
    longer.push_back(2);
    all.push_back(longer);
  }
  if (shape.ndim() > 0) all.emplace_back(shape.data(), shape.ndim() - 1);
  return all;
}

// Inputs of other shapes than the sample's.
void check_shapes(const Row& op, Device device) {
  for_each_case(op, {.dtypes = {float32}, .max_elements = small_size}, [&](const Case& c) {
    for (size_t i = 0; i < c.in.size(); ++i)
      for (const Shape& shape : neighbours(c.in[i].shape)) {
        Case changed = c;
        changed.in[i] = reshaped(c.in[i], shape);
        expect_fits_or_shape_error(changed, changed.compact_arrays(device), device);
      }
  });
}
const Registration shapes({"ShapeErrors", has_inputs, check_shapes});

// Integers out of the sample's range: indices and labels that point nowhere.
void check_indices(const Row& op, Device device) {
  for_each_case(op, {.dtypes = {float32}, .max_elements = small_size}, [&](const Case& c) {
    for (size_t i = 0; i < c.in.size(); ++i)
      for (const double far : {1000.0, -1.0, -1000.0}) {
        if (!is_integer(c.in[i].dtype) || c.in[i].elements.empty()) continue;
        Case changed = c;
        changed.in[i].elements.back() = far;
        expect_fits_or_shape_error(changed, changed.arrays(device), device);
      }
  });
}
const Registration indices({"IndexErrors", has_inputs, check_indices});

bool names_axes(const char* attribute) {
  return attribute && (std::string_view(attribute) == "axis" || std::string_view(attribute) == "axes");
}
bool takes_axes(const Row& op) {
  return std::any_of(std::begin(op.schema->attributes), std::end(op.schema->attributes), names_axes);
}

void check_axes(const Row& op, Device device) {
  for_each_case(op, {.dtypes = {float32}, .max_elements = small_size}, [&](const Case& c) {
    const int64_t ndim = c.in[0].shape.ndim();
    for (size_t k = 0; k < c.attr.size(); ++k) {
      if (!names_axes(op.schema->attributes[k])) continue;
      for (const int64_t axis : {ndim, -ndim - 1, int64_t{1000}, int64_t{-1000}}) {
        Case changed = c;
        changed.attr[k] = c.attr[k].tag == PLUGRAD_INT ? Value(axis) : Value(&axis, 1);
        expect_refused(changed, c.arrays(device), device, Outcome::shape_error, "an axis out of range");
      }
      const int64_t twice[] = {0, -ndim};
      if (c.attr[k].tag != PLUGRAD_INTS || ndim == 0) continue;
      Case changed = c;
      changed.attr[k] = Value(twice, 2);
      expect_refused(changed, c.arrays(device), device, Outcome::shape_error, "an axis named twice");
    }
  });
}
const Registration axes({"AxisErrors", takes_axes, check_axes});

const std::vector<int64_t> odd_integers = {0, 1, -1, -2, 3, 17, -100};

// Integer attributes other than the sample's, one number at a time, and lists with one number too many or too
// few.
void check_attributes(const Row& op, Device device) {
  for_each_case(op, {.dtypes = {float32}, .max_elements = small_size}, [&](const Case& c) {
    const std::vector<Array> in = c.arrays(device);
    const auto attempt_with = [&](size_t k, const Value& v) {
      if (::testing::Test::HasFailure()) return;  // one says enough: the others fail alike
      Case changed = c;
      changed.attr[k] = v;
      SCOPED_TRACE(changed.text());
      const Outcome o = outcome_of(changed, in, device);
      EXPECT_TRUE(o == Outcome::succeeds || o == Outcome::shape_error || o == Outcome::dtype_error)
          << "neither succeeds nor is it a ShapeError or DTypeError";
    };
    for (size_t k = 0; k < c.attr.size(); ++k) {
      const Value& v = c.attr[k];
      if (v.tag == PLUGRAD_INT)
        for (const int64_t odd : odd_integers) attempt_with(k, Value(odd));
      if (v.tag != PLUGRAD_INTS) continue;
      std::vector<int64_t> list(v.as.ints, v.as.ints + v.count);
      for (size_t at = 0; at < list.size(); ++at)
        for (const int64_t odd : odd_integers) {
          std::vector<int64_t> changed = list;
          changed[at] = odd;
          attempt_with(k, Value(changed.data(), v.count));
        }
      list.push_back(1);
      attempt_with(k, Value(list.data(), v.count + 1));
      if (v.count > 0) attempt_with(k, Value(list.data(), v.count - 1));
    }
  });
}
bool takes_attributes(const Row& op) { return op.n_attr > 0; }
const Registration attributes({"AttributeErrors", takes_attributes, check_attributes});

// Differentiating through an op that has no gradient is an error; where it is zero, the tape stops.
void check_undifferentiable(const Row& op, Device device) {
  const Case c = typical_case(op, {.dtypes = {float64}});
  if (!any_floating(c.arrays(device))) return;
  Recording recording;
  std::vector<Array> in = c.arrays(device);
  size_t leaves = 0;
  for (Array& x : in)
    if (is_floating(x.dtype())) x = recording.leaf(x), ++leaves;
  const std::vector<Array> out = call(c, in, device);
  Array y = to_array({{}, float64, {0}}, device);
  const std::vector<ArrayRef> refs(out.begin(), out.end());
  const std::vector<Array> dy = dy_arrays(draw_dy(out, c.random("dy")), Layout::compact, device);
  detail::record_custom(refs, y, [&](const Array&) { return dy; });
  const Attempt a = attempt([&] {
    recording.backward(y);
    std::vector<Array> gradients;
    for (size_t i = 0; i < leaves; ++i) gradients.push_back(recording.next_gradient());
    return gradients;
  });
  const bool constant = op.schema->differentiability == Differentiability::locally_constant;
  EXPECT_EQ(a.outcome == Outcome::succeeds, constant) << a.message;
  EXPECT_TRUE(constant || a.message.starts_with(op.schema->name)) << a.message;
  for (const Array& g : a.out)
    for (const double x : values_of(g).elements) EXPECT_EQ(x, 0);
}
bool is_undifferentiable(const Row& op) { return has_inputs(op) && !is_differentiable(op); }
const Registration undifferentiable({"NoGradient", is_undifferentiable, check_undifferentiable});

}  // namespace

}  // namespace plugrad::conformance
