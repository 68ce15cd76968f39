// Rounding to integers, element by element; integers stay what they are.
//
//   floor   down       ceil    up
//   trunc   toward 0   round   to the nearest, halves to the even one     (locally constant)
#include "plugrad/backends/cuda/elementwise.cuh"

namespace plugrad::cuda {
namespace {

enum class Direction { down, up, nearest, toward_zero };

// One kernel serves all four: it waits for memory, not for this.
struct Round {
  Direction direction;
  template <class T>
  __device__ T operator()(T x) const {
    switch (direction) {
      case Direction::down:
        return ::floor(x);
      case Direction::up:
        return ::ceil(x);
      case Direction::nearest:
        return ::rint(x);
      default:
        return ::trunc(x);
    }
  }
};

template <Direction direction>
void rounded(const Call& c) {
  if (c.out().dtype.code == kDLFloat) return map_floating(c, Round{direction}, c.out(), c.in(0));
  with_bits(c.out().dtype, [&]<class T>(Type<T>) { map<T, T>(c, Identity{}, c.out(), c.in(0)); });
}

PLUGRAD_FORWARD(floor, rounded<Direction::down>);
PLUGRAD_FORWARD(ceil, rounded<Direction::up>);
PLUGRAD_FORWARD(round, rounded<Direction::nearest>);
PLUGRAD_FORWARD(trunc, rounded<Direction::toward_zero>);

}  // namespace
}  // namespace plugrad::cuda
