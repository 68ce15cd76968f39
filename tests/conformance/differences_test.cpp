// Compositions against central differences in float64, of first and of second order.
#include "plugrad/core/grad.h"
#include "plugrad/ops/ops.h"
#include "plugrad/tests/conformance/calls.h"
#include "plugrad/tests/conformance/compare.h"
#include "plugrad/tests/conformance/suite.h"

namespace plugrad::conformance {

namespace {

constexpr int64_t probes_per_case = 40;

const Selection differentiable_cases{.dtypes = {float64}, .max_elements = medium_size};
const Selection twice_differentiable_cases{.dtypes = {float64}, .max_elements = small_size};

// Differences of float32 show nothing but its rounding.
bool any_float64(const std::vector<Array>& out) {
  return std::any_of(out.begin(), out.end(), [](const Array& y) { return y.dtype() == float64; });
}

// A vector-valued function of a case's inputs, and weights that make it a number: <f(x), w>.
using Function = std::function<std::vector<Values>(const std::vector<Values>& in)>;

// The difference quotient of <f, w> between two points; `distance` is how far they are apart.
double quotient(const Function& f, const std::vector<Values>& w, const std::vector<Values>& plus,
                const std::vector<Values>& minus, double distance) {
  const std::vector<Values> a = f(plus), b = f(minus);
  long double sum = 0;
  for (size_t k = 0; k < w.size(); ++k)
    for (size_t e = 0; e < w[k].elements.size(); ++e)
      sum += (static_cast<long double>(a[k].elements[e]) - b[k].elements[e]) * w[k].elements[e];
  return static_cast<double>(sum / distance);
}

// Derivatives in single elements: all of them, or as many as there are probes, picked at random.
void check_elements(const Case& c, const Mask& wanted, const Function& f, const std::vector<Values>& w,
                    const std::vector<Values>& gradient) {
  Random random = c.random("probes");
  for (size_t i = 0, k = 0; i < c.in.size(); ++i) {
    if (!wanted[i]) continue;
    const Values& g = gradient[k++];
    const int64_t n = g.shape.size(), probes = std::min(n, probes_per_case);
    Values expected{{probes}, float64, {}}, got = expected;
    std::string places;
    for (int64_t p = 0; p < probes; ++p) {
      const auto e = static_cast<size_t>(n <= probes_per_case ? p : random.below(n));
      std::vector<Values> plus = c.in, minus = c.in;
      plus[i].elements[e] += difference_step;
      minus[i].elements[e] -= difference_step;
      expected.elements.push_back(quotient(f, w, plus, minus, plus[i].elements[e] - minus[i].elements[e]));
      got.elements.push_back(g.elements[e]);
      places += " " + std::to_string(e);
    }
    EXPECT_TRUE(close(got, expected, difference_precision(c.in)))
        << "derivatives in input " << i << ", elements (counted row-major)" << places;
  }
}

// The derivative along a random direction, which sees every element.
void check_direction(const Case& c, const Mask& wanted, const Function& f, const std::vector<Values>& w,
                     const std::vector<Values>& gradient) {
  Random random = c.random("direction");
  std::vector<Values> plus = c.in, minus = c.in;
  Values got{{}, float64, {0}};
  for (size_t i = 0, k = 0; i < c.in.size(); ++i) {
    if (!wanted[i]) continue;
    const Values direction = draw(c.in[i].shape, float64, -1, 1, random);
    for (size_t e = 0; e < direction.elements.size(); ++e) {
      plus[i].elements[e] += difference_step * direction.elements[e];
      minus[i].elements[e] -= difference_step * direction.elements[e];
      got.elements[0] += gradient[k].elements[e] * direction.elements[e];
    }
    ++k;
  }
  const Values expected{{}, float64, {quotient(f, w, plus, minus, 2 * difference_step)}};
  EXPECT_TRUE(close(got, expected, difference_precision(c.in))) << "derivative along a random direction";
}

std::vector<Values> all_values(const std::vector<Array>& arrays) {
  std::vector<Values> v;
  for (const Array& a : arrays) v.push_back(values_of(a));
  return v;
}

void check_first_order(const Row& op, Device device) {
  for_each_case(op, differentiable_cases, [&](const Case& c) {
    const Mask wanted = differentiable_inputs(c);
    const std::vector<Array> out = call(c, c.arrays(device), device);
    if (!any(wanted) || !any_float64(out)) return;
    const std::vector<Values> dy = draw_dy(out, c.random("dy"));
    const ComposedGradients composed;
    const std::vector<Values> gradient =
        all_values(gradients(c, c.arrays(device), wanted, dy_arrays(dy, Layout::compact, device), device));
    const Function f = [&](const std::vector<Values>& in) {
      return all_values(call(c, to_arrays(in, device), device));
    };
    check_elements(c, wanted, f, dy, gradient);
    check_direction(c, wanted, f, dy, gradient);
  });
}
const Registration first_order({"Differences", is_differentiable, check_first_order});

// The sum of r y^2 over all outputs y: its gradient depends on x both directly and through the outputs'
// gradients.
struct Loss {
  const Case& c;
  const Mask& wanted;
  const std::vector<Array>& in;  // those that are not differentiated in are taken from here
  const std::vector<Array>& r;
  Device device;

  Array operator()(const std::vector<Array>& x) const {
    std::vector<Array> all = in;
    for (size_t i = 0, k = 0; i < all.size(); ++i)
      if (wanted[i]) all[i] = x[k++];
    const std::vector<Array> out = call(c, all, device);
    Array total = zeros(Shape{}, float64, device);
    for (size_t k = 0; k < out.size(); ++k)
      if (r[k]) total = total + sum(r[k] * out[k] * out[k]);
    return total;
  }
};

std::vector<Array> pick(const std::vector<Array>& in, const Mask& wanted) {
  std::vector<Array> x;
  for (size_t i = 0; i < in.size(); ++i)
    if (wanted[i]) x.push_back(in[i]);
  return x;
}

// The gradient of <first gradient, q>, by differentiating the gradient's own operations, against differences
// of the first gradient.
void check_second_order(const Row& op, Device device) {
  for_each_case(op, twice_differentiable_cases, [&](const Case& c) {
    const Mask wanted = differentiable_inputs(c);
    const std::vector<Array> in = c.arrays(device), out = call(c, in, device);
    if (!any(wanted) || !any_float64(out)) return;
    const std::vector<Array> r = dy_arrays(draw_dy(out, c.random("r")), Layout::compact, device);
    const Loss loss{c, wanted, in, r, device};
    const std::vector<Array> x = pick(in, wanted);
    const std::vector<Values> q = draw_dy(x, c.random("q"));
    const std::vector<Array> weights = to_arrays(q, device);
    const auto second = grad([&](const std::vector<Array>& at) {
      const std::vector<Array> first = grad(loss)(at);
      Array total = zeros(Shape{}, float64, device);
      for (size_t k = 0; k < first.size(); ++k) total = total + sum(first[k] * weights[k]);
      return total;
    })(x);
    const Function first = [&](const std::vector<Values>& at) {
      return all_values(grad(loss)(pick(to_arrays(at, device), wanted)));
    };
    check_elements(c, wanted, first, q, all_values(second));
    check_direction(c, wanted, first, q, all_values(second));
  });
}
const Registration second_order({"SecondOrder", is_differentiable, check_second_order});

}  // namespace

}  // namespace plugrad::conformance
