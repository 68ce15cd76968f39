// First-order gradients: the kernel's are the composition's, whichever inputs they are wanted in and however
// the inputs and the outputs' gradients lie in memory.
#include "plugrad/core/tape.h"
#include "plugrad/tests/conformance/calls.h"
#include "plugrad/tests/conformance/compare.h"
#include "plugrad/tests/conformance/suite.h"

namespace plugrad::conformance {

namespace {

// A case that has a gradient, with gradients drawn for its outputs.
struct Problem {
  const Case& c;
  Mask wanted;
  std::vector<Values> dy;

  // What the gradient kernels read, and how many elements they write.
  Precision precision() const {
    std::vector<Values> read = c.in;
    read.insert(read.end(), dy.begin(), dy.end());
    int64_t written = 0;
    for (size_t i = 0; i < c.in.size(); ++i)
      if (wanted[i]) written += c.in[i].shape.size();
    return gradient_precision(c.dtype, read, written);
  }
};

template <class F>
void for_each_problem(const Row& op, const Selection& selection, Device device, F f) {
  for_each_case(op, selection, [&](const Case& c) {
    const Mask wanted = differentiable_inputs(c);
    if (!any(wanted)) return;
    const std::vector<Array> out = call(c, c.arrays(device), device);
    if (any_floating(out)) f(Problem{c, wanted, draw_dy(out, c.random("dy"))});
  });
}

void expect_own_shapes(const Problem& p, const std::vector<Array>& dx) {
  size_t k = 0;
  for (size_t i = 0; i < p.c.in.size(); ++i) {
    if (!p.wanted[i]) continue;
    EXPECT_EQ(to_string(dx[k].shape()), to_string(p.c.in[i].shape)) << "gradient in input " << i;
    EXPECT_EQ(dx[k].dtype(), p.c.in[i].dtype) << "gradient in input " << i;
    ++k;
  }
}

// float64 on the backend itself; float32 is compared with the float64 composition on the oracle.
void check_gradient(const Row& op, Device device) {
  for_each_problem(op, {}, device, [&](const Problem& p) {
    const std::vector<Array> dx =
        gradients(p.c, p.c.arrays(device), p.wanted, dy_arrays(p.dy, Layout::compact, device), device);
    expect_own_shapes(p, dx);
    const Device judge = p.c.dtype == float32 ? reference_device() : device;
    const Case wide = widened(p.c);
    std::vector<Values> dy = draw_dy(call(wide, wide.compact_arrays(judge), judge), Random(0));
    for (size_t k = 0; k < dy.size(); ++k) dy[k].elements = p.dy[k].elements;
    const ComposedGradients composed;
    const std::vector<Array> expected =
        gradients(wide, wide.compact_arrays(judge), p.wanted, dy_arrays(dy, Layout::compact, judge), judge);
    EXPECT_TRUE(close(dx, expected, p.precision()));
  });
}
const Registration gradient({"Gradient", is_differentiable, check_gradient});

bool may_be_partial(const Row& op) {
  return is_differentiable(op) && (op.schema->n_in != 1 || op.schema->n_out != 1);
}

// In one input alone, and from one output alone.
void check_partial(const Row& op, Device device) {
  for_each_problem(op, {.max_elements = medium_size}, device, [&](const Problem& p) {
    const std::vector<Array> in = p.c.arrays(device), dy = dy_arrays(p.dy, Layout::compact, device);
    const std::vector<Array> joint = gradients(p.c, in, p.wanted, dy, device);
    for (size_t i = 0, k = 0; i < in.size(); ++i) {
      if (!p.wanted[i]) continue;
      SCOPED_TRACE("in input " + std::to_string(i) + " alone");
      Mask one(in.size());
      one[i] = true;
      EXPECT_TRUE(close(gradients(p.c, in, one, dy, device), {joint[k++]}, p.precision()));
    }
    for (size_t k = 0; k < dy.size() && dy.size() > 1; ++k) {
      SCOPED_TRACE("from output " + std::to_string(k) + " alone");
      std::vector<Array> alone(dy.size()), zeros;
      alone[k] = dy[k];
      for (size_t o = 0; o < dy.size(); ++o) {
        Values v = p.dy[o];
        if (o != k) std::fill(v.elements.begin(), v.elements.end(), 0);
        zeros.push_back(to_array(v, device));
      }
      EXPECT_TRUE(close(gradients(p.c, in, p.wanted, alone, device),
                        gradients(p.c, in, p.wanted, zeros, device), p.precision()));
    }
  });
}
const Registration partial({"PartialGradient", may_be_partial, check_partial});

void check_layouts(const Row& op, Device device) {
  for_each_problem(op, {.max_elements = medium_size}, device, [&](const Problem& p) {
    const std::vector<Array> in = p.c.compact_arrays(device);
    for (const Layout layout : {Layout::strided, Layout::transposed, Layout::reversed, Layout::repeated}) {
      SCOPED_TRACE("dy " + std::string(name(layout)));
      const std::vector<Array> dy = dy_arrays(p.dy, layout, device);
      std::vector<Array> compact;
      for (const Array& a : dy) compact.push_back(a ? to_array(values_of(a), device) : a);
      EXPECT_TRUE(close(gradients(p.c, in, p.wanted, dy, device),
                        gradients(p.c, in, p.wanted, compact, device), p.precision()));
    }
  });
}
const Registration layouts({"GradientLayout", is_differentiable, check_layouts});

void check_input_layouts(const Row& op, Device device) {
  for_each_problem(op, {.max_elements = medium_size}, device, [&](const Problem& p) {
    const std::vector<Array> dy = dy_arrays(p.dy, Layout::compact, device);
    for (const Layout layout : {Layout::strided, Layout::transposed, Layout::reversed, Layout::repeated}) {
      SCOPED_TRACE("inputs " + std::string(name(layout)));
      std::vector<Array> in, compact;
      for (const Values& v : p.c.in) {
        in.push_back(lay_out(v, layout, device));
        compact.push_back(to_array(values_of(in.back()), device));
      }
      EXPECT_TRUE(close(gradients(p.c, in, p.wanted, dy, device),
                        gradients(p.c, compact, p.wanted, dy, device), p.precision()));
    }
  });
}
bool has_gradient_kernel(const Row& op) {
  return is_differentiable(op) && op.schema->gradient_form == GradientForm::kernel;
}
const Registration input_layouts({"GradientInputLayout", has_gradient_kernel, check_input_layouts});

}  // namespace

}  // namespace plugrad::conformance
