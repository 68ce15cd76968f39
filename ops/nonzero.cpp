// Where an array is not zero, and the elements of another there.
#include <fmt/format.h>

#include "plugrad/ops/families.h"
#include "plugrad/ops/ops.h"

namespace plugrad {

namespace {

const BuiltinOp flatnonzero_op(
    {.name = "flatnonzero",
     .attributes = {"count"},
     .dtypes = {any_dtype},
     .infer =
         [](Inference& i) {
           if (i.integer(0) < 0) i.fail(fmt::format("the first {} places", i.integer(0)));
           i.out().shape = {i.integer(0)};
           i.out().dtype = int64;
         },
     .differentiability = Differentiability::locally_constant,
     .samples =
         [](Samples& s) {
           s.add({Sample::Input({9}, bool_, 0, 2)}, {4});
           s.add({Sample::Input({2, 3, 4}, int32, -1, 2)}, {12});
           s.add({Sample::Input({}, bool_, 0, 2)}, {1});
           s.add({Sample::Input({5}, int64, 0, 2)}, {8});  // more than there are elements
           s.add({Sample::Input({5}, int64, 0, 2)}, {0});
           s.add({{0, 3}}, {2});
           s.add({{4, 5}}, {20});
           s.add({Sample::Input({6, 7}, bool_, 0, 2).with(Sample::Input::transposed)}, {20});
           s.add({Sample::Input({70, 90}, int32, 0, 3).with(Sample::Input::strided)}, {4000});
           s.add({Sample::Input({600, 1000}, bool_, 0, 2)}, {250000});
         }});

}  // namespace

Array flatnonzero(const Array& x, int64_t count) { return flatnonzero_op({x}, {count}); }

Array flatnonzero(const Array& x) {
  const int64_t count = sum(x.dtype() == bool_ ? x : not_equal(x, 0)).item<int64_t>();
  return flatnonzero(x, count);
}

Array masked_select(const Array& x, const Array& mask) {
  if (mask.dtype() != bool_)
    throw DTypeError(fmt::format("masked_select: needs a mask of bool, not {}", name(mask.dtype())));
  Shape common = x.shape();
  if (!join_broadcast(common, mask.shape()))
    throw ShapeError(fmt::format("masked_select: cannot broadcast for shape {} and {}", to_string(x.shape()),
                                 to_string(mask.shape())));
  return take(expand(x, common), flatnonzero(expand(mask, common)));
}

}  // namespace plugrad
