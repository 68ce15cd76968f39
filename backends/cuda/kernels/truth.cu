// all, any: y = are all elements along some axes, or is any, other than 0?   (forward only)
#include "plugrad/backends/common/reduced_axes.h"
#include "plugrad/backends/cuda/reduction.cuh"

namespace plugrad::cuda {
namespace {

// Is there an element whose truth is the one that is looked for? Of `all` that is false, of `any` true.
// Elements are bits: those of a float's magnitude tell whether it is 0.
template <class Bits>
struct Search {
  using In = Bits;
  using Acc = int;
  using Out = bool;
  bool wanted;
  Bits magnitude;

  __device__ Acc start() const { return 0; }
  __device__ In neutral() const { return wanted ? Bits{0} : magnitude; }
  template <class Positions>
  __device__ void take(Acc& acc, const In (&x)[at_once<In>], Positions) const {
    for (const In& bits : x) acc |= ((bits & magnitude) != 0) == wanted;
  }
  __device__ Acc operator()(Acc a, Acc b) const { return a | b; }
  __device__ Out finish(Acc found) const { return (found != 0) == wanted; }
};

void search(const Call& c, bool wanted) {
  const DLTensor& x = c.in(0);
  common::ReducedAxes reduced;
  common::mark_axes(c, x.ndim, reduced);
  with_bits(x.dtype, [&]<class Bits>(Type<Bits>) {
    const Bits all = std::numeric_limits<Bits>::max();
    const Search<Bits> r{wanted, x.dtype.code == kDLFloat ? static_cast<Bits>(all >> 1) : all};
    reduce(c, r, x, reduced, plugin::data<bool>(c.out()));
  });
}
void all(const Call& c) { search(c, false); }
void any(const Call& c) { search(c, true); }

PLUGRAD_FORWARD(all, all);
PLUGRAD_FORWARD(any, any);

}  // namespace
}  // namespace plugrad::cuda
