// What families of ops share: beginnings of schemas, and sample calls.
#pragma once

#include "plugrad/core/dispatch.h"

namespace plugrad {

// An op of the library itself: registered when that is loaded, and part of what backends are to fill.
class BuiltinOp : public Op {
 public:
  explicit BuiltinOp(const OpSchema& schema) : Op(schema, "plugrad") {}
};

// A floating function of one array, element by element.
inline constexpr OpSchema unary{.n_in = 1,
                                .dtype_rule = DTypeRule::promote_floating,
                                .dtypes = {floating},
                                .infer = infer_same,
                                .differentiability = Differentiability::differentiable};
// A function of two arrays of numbers, element by element, broadcasting.
inline constexpr OpSchema binary{.n_in = 2,
                                 .dtype_rule = DTypeRule::promote,
                                 .dtypes = {numbers},
                                 .infer = infer_broadcast,
                                 .broadcasts = true,
                                 .differentiability = Differentiability::differentiable};

struct Domain {
  double low, high;
};
// One array: scalar, vector, matrix, empty, strided, transposed, and large enough to be worth threads.
void unary_samples(Samples& s, Domain x, std::initializer_list<Value> attr = {});
inline void unary_samples(Samples& s) { unary_samples(s, {-1, 1}); }
// Two arrays: equal shapes, all kinds of broadcasting, empty, strided.
void binary_samples(Samples& s, Domain x, Domain y);
inline void binary_samples(Samples& s) { binary_samples(s, {-1, 1}, {-1, 1}); }

// `family` under a name, with its gradients.
constexpr OpSchema differentiable(OpSchema family, const char* name, InputGradient dx,
                                  void (*samples)(Samples&) = unary_samples) {
  family.name = name;
  family.gradient[0] = dx;
  family.samples = samples;
  return family;
}
constexpr OpSchema differentiable(OpSchema family, const char* name, InputGradient dx, InputGradient dy,
                                  void (*samples)(Samples&) = binary_samples) {
  family.name = name;
  family.gradient[0] = dx;
  family.gradient[1] = dy;
  family.samples = samples;
  return family;
}

// `op` with its forward as a composition of others.
constexpr OpSchema composite(OpSchema op, void (*composition)(const Composition&)) {
  op.kind = OpKind::composite;
  op.composition = composition;
  return op;
}

}  // namespace plugrad
