// A sound plugin with a few kernels, which claims no op set. The tests of damaged files damage copies of it.
#include "plugrad/core/plugin.hpp"

namespace {
using plugrad::plugin::Call;

void relu(const Call& c) {
  const auto* x = plugrad::plugin::data<const float>(c.in(0));
  auto* y = plugrad::plugin::data<float>(c.out());
  for (int64_t i = 0; i < plugrad::plugin::size(c.out()); ++i) y[i] = x[i] > 0 ? x[i] : 0;
}

void relu_gradient(const Call& c) {
  const auto* y = plugrad::plugin::data<const float>(c.out());
  const auto* dy = plugrad::plugin::data<const float>(c.dout());
  auto* dx = plugrad::plugin::data<float>(c.din(0));
  for (int64_t i = 0; i < plugrad::plugin::size(c.din(0)); ++i) dx[i] = y[i] > 0 ? dy[i] : 0;
}
}  // namespace

PLUGRAD_KERNELS(relu, relu, relu_gradient);
PLUGRAD_BACKEND(good, "1.2.3", "", nullptr)
