// A program that links the core alone: the cpu backend is found in the installed plugin folder and loaded.
#include <cstdio>

#include "plugrad/ops/ops.h"

using plugrad::Array;

int main() {
  const Array x = Array::from_data<double>({1, 2, 3});
  const Array gradient = plugrad::grad([](const Array& v) { return plugrad::sum(v * v); })(x);
  const bool right = gradient.to_vector<double>() == std::vector<double>{2, 4, 6};
  const auto backends = plugrad::loaded_backends();
  const bool loaded = backends.size() == 1 && backends[0].name == "cpu" && backends[0].origin != "linked";
  if (!right || !loaded) std::puts("loads_cpu: wrong gradient or backend");
  return right && loaded ? 0 : 1;
}
