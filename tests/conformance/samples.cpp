#include "plugrad/tests/conformance/samples.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <optional>

namespace plugrad::conformance {

const std::vector<DType> all_dtypes = {float32, float64, int32, int64, bool_};

namespace {

constexpr int failing_cases_shown = 4;

Layout layout_of(Sample::Input::Layout layout) {
  switch (layout) {
    case Sample::Input::strided:
      return Layout::strided;
    case Sample::Input::transposed:
      return Layout::transposed;
    default:
      return Layout::compact;
  }
}

DTypeSet accepted(const Row& op, size_t input) {
  const OpSchema& s = *op.schema;
  const size_t i =
      s.dtype_rule == DTypeRule::separate ? std::min<size_t>(input, max_differentiable_inputs - 1) : 0;
  return s.dtypes[i];
}

// An attribute of this name states the dtype of the inputs, and follows it.
bool states_input_dtype(const Row& op, size_t attribute) {
  return std::string_view(op.schema->attributes[attribute]) == "from";
}

std::vector<Value> attributes(const Row& op, const Sample& s, DType float32_becomes) {
  std::vector<Value> attr;
  for (size_t k = 0; k < s.attr.size(); ++k) {
    Value v = value_of(s.attr[k]);
    if (k < op.n_attr && states_input_dtype(op, k) && v.as.i == static_cast<int64_t>(float32))
      v = Value(float32_becomes);
    attr.push_back(v);
  }
  return attr;
}

// Integers come from a range eight times as wide, so that there are enough of them.
Values draw_input(const Sample::Input& spec, DType dtype, Random random) {
  double low = spec.low, high = spec.high;
  if (spec.dtype == float32 && !is_floating(dtype)) {
    low = dtype == bool_ ? 0 : std::floor(8 * low);
    high = dtype == bool_ ? 2 : std::max(std::ceil(8 * high), low + 1);
  }
  return spec.distinct ? draw_distinct(spec.shape, dtype, low, high, random)
                       : draw(spec.shape, dtype, low, high, random);
}

int64_t size_of(const Sample& s) {
  int64_t n = 0;
  for (const Sample::Input& in : s.in) n += in.shape.size();
  return n;
}

// PLUGRAD_TEST_LARGEST leaves out samples with more elements in all: where a kernel is interpreted, they take
// minutes.
int64_t largest_sample() {
  static const int64_t largest = [] {
    const char* text = std::getenv("PLUGRAD_TEST_LARGEST");
    return text ? std::strtoll(text, nullptr, 10) : Selection::unlimited;
  }();
  return largest;
}

bool has_float32(const Sample& s) {
  return std::any_of(s.in.begin(), s.in.end(), [](const Sample::Input& in) { return in.dtype == float32; });
}

bool takes(const Row& op, const Sample& s, DType float32_becomes) {
  for (size_t i = 0; i < s.in.size(); ++i)
    if (s.in[i].dtype == float32 && !(accepted(op, i) & set_of(float32_becomes))) return false;
  return true;
}

Case draw_case(const Row& op, int number, DType dtype) {
  const Sample& s = samples_of(op)[static_cast<size_t>(number)];
  Case c;
  c.op = &op;
  c.sample = number;
  c.dtype = dtype;
  for (size_t i = 0; i < s.in.size(); ++i) {
    const Sample::Input& spec = s.in[i];
    const DType d = spec.dtype == float32 ? dtype : spec.dtype;
    c.in.push_back(draw_input(spec, d, Random(op.schema->name, {static_cast<uint64_t>(number), i})));
    c.layouts.push_back(layout_of(spec.layout));
  }
  c.attr = attributes(op, s, dtype);
  c.n_out = s.n_out;
  return c;
}

// Integers and bool stand in for float32 in small samples only: their kernels share the loops.
std::optional<Case> selected(const Row& op, int number, DType dtype, const Selection& selection) {
  const Sample& s = samples_of(op)[static_cast<size_t>(number)];
  if (size_of(s) > std::min(selection.max_elements, largest_sample())) return std::nullopt;
  if (!has_float32(s)) {
    if (dtype != selection.dtypes.front()) return std::nullopt;
  } else if (!takes(op, s, dtype) || (!is_floating(dtype) && size_of(s) > medium_size)) {
    return std::nullopt;
  }
  return draw_case(op, number, dtype);
}

int failures_so_far() {
  const ::testing::TestResult& r = *::testing::UnitTest::GetInstance()->current_test_info()->result();
  int n = 0;
  for (int i = 0; i < r.total_part_count(); ++i) n += r.GetTestPartResult(i).failed();
  return n;
}

std::string text_of(const Value& v) {
  switch (v.tag) {
    case PLUGRAD_INT:
      return fmt::format("{}", v.as.i);
    case PLUGRAD_REAL:
      return fmt::format("{}", v.as.f);
    default:
      return fmt::format("[{}]", fmt::join(v.as.ints, v.as.ints + v.count, ", "));
  }
}

}  // namespace

Value value_of(const plugrad_value& v) {
  switch (v.tag) {
    case PLUGRAD_INT:
      return Value(v.as.i);
    case PLUGRAD_REAL:
      return Value(v.as.f);
    default:
      return Value(v.as.ints, v.count);
  }
}

std::string Case::text() const {
  std::vector<std::string> inputs, attributes;
  for (size_t i = 0; i < in.size(); ++i)
    inputs.push_back(fmt::format("{} {}{}{}", name(in[i].dtype), to_string(in[i].shape),
                                 layouts[i] == Layout::compact ? "" : " ",
                                 layouts[i] == Layout::compact ? "" : name(layouts[i])));
  for (size_t k = 0; k < attr.size(); ++k) {
    const char* attribute = k < op->n_attr ? op->schema->attributes[k] : "?";
    attributes.push_back(fmt::format("{} {}", attribute, text_of(attr[k])));
  }
  return fmt::format("{}, sample {}: {}{}{}", op->schema->name, sample, fmt::join(inputs, ", "),
                     inputs.empty() || attributes.empty() ? "" : "; ", fmt::join(attributes, ", "));
}

std::vector<Array> Case::arrays(Device device) const {
  std::vector<Array> arrays;
  for (size_t i = 0; i < in.size(); ++i) arrays.push_back(lay_out(in[i], layouts[i], device));
  return arrays;
}

std::vector<Array> Case::compact_arrays(Device device) const { return to_arrays(in, device); }

Random Case::random(std::string_view purpose) const {
  return Random(purpose, {static_cast<uint64_t>(sample), static_cast<uint64_t>(dtype)});
}

const std::vector<Sample>& samples_of(const Row& op) {
  static std::map<const Row*, Samples> made;
  const auto [at, is_new] = made.try_emplace(&op);
  if (is_new && op.schema->samples) op.schema->samples(at->second);
  return at->second.all();
}

void visit_cases(const Row& op, const Selection& selection, const std::function<bool(const Case&)>& f) {
  const int n = static_cast<int>(samples_of(op).size());
  for (const DType dtype : selection.dtypes)
    for (int k = 0; k < n; ++k)
      if (const std::optional<Case> c = selected(op, k, dtype, selection))
        if (!f(*c)) return;
}

void for_each_case(const Row& op, const Selection& selection, const std::function<void(const Case&)>& f) {
  int failing = 0;
  visit_cases(op, selection, [&](const Case& c) {
    SCOPED_TRACE(c.text());
    const int before = failures_so_far();
    try {
      f(c);
    } catch (const std::exception& e) {
      ADD_FAILURE() << "throws: " << e.what();
    }
    failing += failures_so_far() > before;
    return failing < failing_cases_shown;
  });
}

Case typical_case(const Row& op, const Selection& selection) {
  std::optional<Case> first, typical;
  visit_cases(op, selection, [&](const Case& c) {
    if (!first) first = c;
    const bool full =
        std::all_of(c.in.begin(), c.in.end(), [](const Values& v) { return v.shape.size() > 1; });
    if (full) typical = c;
    return !full;
  });
  if (!first) throw std::runtime_error(fmt::format("{}: no sample of the selection", op.schema->name));
  return typical ? *typical : *first;
}

Case widened(Case c) {
  for (size_t k = 0; k < c.attr.size() && k < c.op->n_attr; ++k)
    if (states_input_dtype(*c.op, k) && c.attr[k].as.i == static_cast<int64_t>(float32))
      c.attr[k] = Value(float64);
  for (Values& v : c.in) v = widened(std::move(v));
  c.dtype = c.dtype == float32 ? float64 : c.dtype;
  return c;
}

}  // namespace plugrad::conformance
