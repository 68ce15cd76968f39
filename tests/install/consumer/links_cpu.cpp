// A program that links the cpu backend directly: nothing is searched for at run time.
#include <cstdio>

#include "plugrad/ops/ops.h"

extern "C" const plugrad_plugin plugrad_cpu_plugin;

using plugrad::Array;

int main() {
  plugrad::link_backend(plugrad_cpu_plugin);
  const Array product = plugrad::matmul(plugrad::ones({2, 3}), plugrad::ones({3, 2}));
  const bool right = product.to_vector<float>() == std::vector<float>{3, 3, 3, 3};
  const auto backends = plugrad::loaded_backends();
  const bool linked = backends.size() == 1 && backends[0].name == "cpu" && backends[0].origin == "linked";
  if (!right || !linked) std::puts("links_cpu: wrong product or backend");
  return right && linked ? 0 : 1;
}
