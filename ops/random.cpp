// Random numbers: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC'11), keyed
// by the seed and counted by the draw and the element, so that they do not depend on backend or threads.
#include <fmt/format.h>

#include <limits>

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

void infer_bernoulli(Inference& i) {
  const double p = i.real(3);
  if (!(p >= 0 && p <= 1)) i.fail(fmt::format("{} is no probability", p));
  i.out().shape = i.shape(0);
  i.out().dtype = bool_;
}

void infer_randint(Inference& i) {
  const int64_t d = i.integer(1), low = i.integer(4), high = i.integer(5);
  const bool narrow = d == static_cast<int64_t>(int32);
  if (!narrow && d != static_cast<int64_t>(int64)) i.fail("needs int32 or int64");
  if (low >= high) i.fail(fmt::format("there is no integer from {} to below {}", low, high));
  if (narrow && (low < -(int64_t{1} << 31) || high > int64_t{1} << 31))
    i.fail(fmt::format("int32 does not hold all from {} to below {}", low, high));
  i.out().shape = i.shape(0);
  i.out().dtype = static_cast<DType>(d);
}

constexpr int64_t large_seed = 0x123456789abcdef, large_offset = 0x3c6ef372fe94f82;

void floating_samples(Samples& s) {
  for (const Shape& shape : {Shape{}, Shape{7}, Shape{0, 3}, Shape{33, 5}, Shape{1}, Shape{1000}})
    for (DType d : {float32, float64}) {
      s.add({}, {shape, d, 0, 0, -1.0, 2.0});
      s.add({}, {shape, d, large_seed, 3, 0.5, 0.25});
    }
}

void bernoulli_samples(Samples& s) {
  for (const Shape& shape : {Shape{}, Shape{7}, Shape{0, 3}, Shape{2, 31}, Shape{1}, Shape{1000}}) {
    s.add({}, {shape, 0, 0, 0.5});
    s.add({}, {shape, large_seed, large_offset, 0.1});
  }
  s.add({}, {Shape{9}, 1, 0, 0.0});
  s.add({}, {Shape{9}, 1, 0, 1.0});
}

void randint_samples(Samples& s) {
  const int64_t least = std::numeric_limits<int64_t>::min(), most = std::numeric_limits<int64_t>::max();
  s.add({}, {Shape{61}, int64, 0, 0, -3, 7});
  s.add({}, {Shape{}, int32, large_seed, 3, 0, 1});
  s.add({}, {Shape{7}, int32, large_seed, 3, -(int64_t{1} << 31), int64_t{1} << 31});
  s.add({}, {Shape{7}, int64, large_seed, 3, 5, (int64_t{1} << 32) + 6});
  s.add({}, {Shape{31, 2}, int64, 0, 1, least, most});
  s.add({}, {Shape{7}, int64, 2, 1, -(int64_t{3} << 61), int64_t{3} << 60});
  s.add({}, {Shape{0, 3}, int64, 0, 0, 0, 9});
  for (DType d : {int32, int64}) s.add({}, {Shape{1000}, d, large_seed, 3, 0, 1000});
}

constexpr OpSchema family{.n_in = 0, .differentiability = Differentiability::locally_constant};

OpSchema random(const char* name, std::initializer_list<const char*> attributes, void (*infer)(Inference&),
                void (*samples)(Samples&)) {
  OpSchema s = family;
  s.name = name;
  std::copy(attributes.begin(), attributes.end(), s.attributes);
  s.infer = infer;
  s.samples = samples;
  return s;
}

const BuiltinOp uniform_op(random("uniform", {"shape", "dtype", "seed", "offset", "low", "high"},
                                  infer_random, floating_samples));
const BuiltinOp normal_op(random("normal", {"shape", "dtype", "seed", "offset", "mean", "std"}, infer_random,
                                 floating_samples));
const BuiltinOp bernoulli_op(random("bernoulli", {"shape", "seed", "offset", "p"}, infer_bernoulli,
                                    bernoulli_samples));
const BuiltinOp randint_op(random("randint", {"shape", "dtype", "seed", "offset", "low", "high"},
                                  infer_randint, randint_samples));

// What a draw gave; the generator goes on to the next one.
Array drawn(Generator& g, Array x) {
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
  return drawn(g, uniform_op(device, {shape, dtype, g.seed, g.offset, low, high}));
}
Array normal(const Shape& shape, double mean, double std, Generator& g, DType dtype, Device device) {
  return drawn(g, normal_op(device, {shape, dtype, g.seed, g.offset, mean, std}));
}
Array bernoulli(const Shape& shape, double p, Generator& g, Device device) {
  return drawn(g, bernoulli_op(device, {shape, g.seed, g.offset, p}));
}
Array randint(const Shape& shape, int64_t low, int64_t high, Generator& g, DType dtype, Device device) {
  return drawn(g, randint_op(device, {shape, dtype, g.seed, g.offset, low, high}));
}

}  // namespace plugrad
