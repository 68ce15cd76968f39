// Ops added in process: what registration refuses, and that a new op is called, recorded and differentiated
// like one of ours.
#include <gtest/gtest.h>

#include "plugrad/core/plugin.hpp"
#include "plugrad/ops/ops.h"

namespace plugrad {
namespace {

OpSchema schema(const char* name) {
  return {.name = name,
          .infer = infer_same,
          .differentiability = Differentiability::differentiable,
          .gradient = {{.needs = input(0),
                        .composition = [](const Gradient& g) { return 3 * g.dy() * square(g.in(0)); }}}};
}

void cube(const plugin::Call& c) {
  for (int64_t i = 0; i < plugin::size(c.out()); ++i) {
    const double x = plugin::data<double>(c.in(0))[i];
    plugin::data<double>(c.out())[i] = x * x * x;
  }
}
void cube_gradient(const plugin::Call& c) {
  for (int64_t i = 0; i < plugin::size(c.din(0)); ++i) {
    const double x = plugin::data<double>(c.in(0))[i];
    const double dy = plugin::data<double>(c.dout())[i * c.dout().strides[0]];  // may be one number, repeated
    plugin::data<double>(c.din(0))[i] = 3 * x * x * dy;
  }
}

void not_today(const plugin::Call&) { throw plugin::Failure(PLUGRAD_BAD_SHAPE, "not today"); }

TEST(Registry, AnOpOfOnesOwnIsLikeAnyOther) {
  const Op cubed(schema("test_cube"));
  const Array x = Array::from_data<double>({1, 2});
  EXPECT_THROW(cubed({x}), DeviceError);  // no kernel yet
  register_kernels("test_cube", "cpu", {plugin::guarded<&cube>, plugin::guarded<&cube_gradient>});
  EXPECT_THROW(register_kernels("test_cube", "cpu", {plugin::guarded<&cube>, nullptr}), PluginError);
  EXPECT_EQ(cubed({x}).to_vector<double>(), (std::vector<double>{1, 8}));
  const auto f = [&](const Array& w) { return sum(cubed({w})); };
  EXPECT_EQ(grad(f)(x).to_vector<double>(), (std::vector<double>{3, 12}));
  const auto second = grad([&](const Array& w) { return sum(grad(f)(w)); });
  EXPECT_EQ(second(x).to_vector<double>(), (std::vector<double>{6, 12}));
}

TEST(Registry, AComposedOpNeedsNoKernel) {
  OpSchema s = schema("test_composed_cube");
  s.kind = OpKind::composite;
  s.composition = [](const Composition& c) { c.out() = c.in(0) * c.in(0) * c.in(0); };
  const Op cubed(s);
  const Array x = Array::from_data<double>({2});
  EXPECT_EQ(cubed({x}).item(), 8);
  EXPECT_EQ(grad([&](const Array& w) { return sum(cubed({w})); })(x).item(), 12);
}

TEST(Registry, WithoutACompositionAnOpIsDifferentiableOnce) {
  OpSchema s = schema("test_kernel_only_cube");
  s.gradient[0] = {.needs = input(0), .kernel_only = true};
  const Op cubed(s);
  register_kernels("test_kernel_only_cube", "cpu", {plugin::guarded<&cube>, plugin::guarded<&cube_gradient>});
  const auto f = [&](const Array& w) { return sum(cubed({w})); };
  const Array x = Array::from_data<double>({2});
  EXPECT_EQ(grad(f)(x).item(), 12);
  try {
    grad([&](const Array& w) { return sum(grad(f)(w)); })(x);
    FAIL() << "its gradient was differentiated";
  } catch (const Error& e) {
    EXPECT_EQ(std::string(e.what()).find("test_kernel_only_cube"), 0u) << e.what();
  }
}

TEST(Registry, RefusesIncompleteSchemas) {
  const size_t before = all_ops().size();
  EXPECT_THROW(register_op(schema("add")), PluginError);  // taken
  OpSchema s = schema("test_refused");
  s.differentiability = Differentiability::unstated;
  EXPECT_THROW(register_op(s), PluginError);
  s = schema("test_refused");
  s.differentiability = Differentiability::locally_constant;  // and yet it has a gradient
  EXPECT_THROW(register_op(s), PluginError);
  s = schema("test_refused");
  s.gradient[0] = {};
  EXPECT_THROW(register_op(s), PluginError);
  s = schema("test_refused");
  s.infer = nullptr;
  EXPECT_THROW(register_op(s), PluginError);
  EXPECT_EQ(all_ops().size(), before);
}

TEST(Registry, KernelsFailWithTypedErrors) {
  OpSchema s = schema("test_failing");
  s.differentiability = Differentiability::no_gradient;
  s.gradient[0] = {};
  const Op failing(s);
  register_kernels("test_failing", "cpu", {plugin::guarded<&not_today>, nullptr});
  try {
    failing({zeros({2})});
    FAIL();
  } catch (const ShapeError& e) {
    EXPECT_STREQ(e.what(), "test_failing on cpu: not today");
  }
}

}  // namespace
}  // namespace plugrad
