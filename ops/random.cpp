// Random numbers: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC'11), keyed
// by the seed and counted by the draw and the element, so that they do not depend on backend or threads.
#include "plugrad/ops/families.h"
#include "plugrad/ops/ops.h"

namespace plugrad {

namespace {

void infer_random(Inference& i) {
  const int64_t d = i.integer(1);
  if (d != static_cast<int64_t>(float32) && d != static_cast<int64_t>(float64))
    i.fail("needs float32 or float64");
  i.out().shape = i.shape(0);
  i.out().dtype = static_cast<DType>(d);
}

void samples(Samples& s) {
  const int64_t large_seed = 0x123456789abcdef;
  for (DType d : {float32, float64})
    for (const Shape& shape : {Shape{}, Shape{1}, Shape{7}, Shape{0, 3}, Shape{33, 5}, Shape{1000}}) {
      s.add({}, {shape, d, 0, 0, -1.0, 2.0});
      s.add({}, {shape, d, large_seed, 3, 0.5, 0.25});
    }
}

constexpr OpSchema family{.n_in = 0,
                          .infer = infer_random,
                          .differentiability = Differentiability::locally_constant,
                          .samples = samples};

const BuiltinOp uniform_op([] {
  OpSchema s = family;
  s.name = "uniform";
  const char* attributes[] = {"shape", "dtype", "seed", "offset", "low", "high"};
  std::copy(std::begin(attributes), std::end(attributes), s.attributes);
  return s;
}());

const BuiltinOp normal_op([] {
  OpSchema s = family;
  s.name = "normal";
  const char* attributes[] = {"shape", "dtype", "seed", "offset", "mean", "std"};
  std::copy(std::begin(attributes), std::end(attributes), s.attributes);
  return s;
}());

Array draw(const Op& op, const Shape& shape, double a, double b, Generator& g, DType dtype, Device device) {
  Array x = op(device, {shape, dtype, g.seed, g.offset, a, b});
  ++g.offset;
  return x;
}

}  // namespace

Generator& default_generator() {
  static thread_local Generator g;
  return g;
}
void set_seed(uint64_t seed) { default_generator() = {seed, 0}; }

Array uniform(const Shape& shape, double low, double high, Generator& g, DType dtype, Device device) {
  return draw(uniform_op, shape, low, high, g, dtype, device);
}
Array normal(const Shape& shape, double mean, double std, Generator& g, DType dtype, Device device) {
  return draw(normal_op, shape, mean, std, g, dtype, device);
}

}  // namespace plugrad
