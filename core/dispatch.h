// Dispatch, the one way to a kernel: validates, infers shapes, allocates outputs, runs, records.
#pragma once

#include <array>

#include "plugrad/core/registry.h"

namespace plugrad {

// Runs `op` and writes `n_out` arrays to `out`. Errors: ShapeError, DTypeError, DeviceError, starting with
// the op's name; then nothing has changed. `device` is for ops without inputs.
PLUGRAD_PUBLIC void dispatch(const Row& op, const ArrayRef* in, int n_in, const Value* attr, int n_attr,
                             Array* out, int n_out, Device device = {});

// Error, starting with the op's name, where the live tape holds `target`, or where elements of it share their
// place in memory: it is not to be overwritten.
PLUGRAD_PUBLIC void check_overwritable(const Row& op, const Array& target);

// Runs an op of schema.in_place on `target` (its first input) and writes the result over it, which counts as
// an overwrite by the op. Refuses what check_overwritable does, and a target that is not contiguous, unless
// the op is one of schema.strided_in_place.
PLUGRAD_PUBLIC void dispatch_in_place(const Row& op, Array& target, std::span<const ArrayRef> rest,
                                      std::span<const Value> attr);

// An op as whoever defines it keeps it: registered when it is made, called like a function.
class Op {
 public:
  explicit Op(const OpSchema& schema, const char* owner = "this program")
      : row_(register_op(schema, owner)) {}

  Array operator()(std::initializer_list<ArrayRef> in, std::initializer_list<Value> attr = {}) const {
    Array out;
    dispatch(row_, in.begin(), static_cast<int>(in.size()), attr.begin(), static_cast<int>(attr.size()), &out,
             1);
    return out;
  }
  // For ops without inputs.
  Array operator()(Device device, std::initializer_list<Value> attr) const {
    Array out;
    dispatch(row_, nullptr, 0, attr.begin(), static_cast<int>(attr.size()), &out, 1, device);
    return out;
  }
  Array operator()(std::span<const Array> in, std::initializer_list<Value> attr) const;
  template <unsigned n>
  std::array<Array, n> outputs(std::initializer_list<ArrayRef> in,
                               std::initializer_list<Value> attr = {}) const {
    std::array<Array, n> out;
    dispatch(row_, in.begin(), static_cast<int>(in.size()), attr.begin(), static_cast<int>(attr.size()),
             out.data(), static_cast<int>(n));
    return out;
  }
  void in_place(Array& target, std::initializer_list<ArrayRef> rest,
                std::initializer_list<Value> attr) const {
    dispatch_in_place(row_, target, {rest.begin(), rest.size()}, {attr.begin(), attr.size()});
  }
  const Row& row() const { return row_; }

 private:
  const Row& row_;
};

}  // namespace plugrad
