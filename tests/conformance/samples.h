// The calls that the suite makes: each sample of an op's schema in each dtype it is meant for, with values
// drawn.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "plugrad/core/registry.h"
#include "plugrad/tests/conformance/values.h"

namespace plugrad::conformance {

// One call of an op. The values do not depend on the backend, nor on which other cases are drawn.
struct Case {
  const Row* op = nullptr;
  int sample = 0;         // which of the op's
  DType dtype = float32;  // what the sample's float32 has become
  std::vector<Values> in;
  std::vector<Layout> layouts;  // of the inputs, as the sample has them
  std::vector<Value> attr;
  int n_out = 1;

  // "sample 3: float64 [2, 3] strided, int32 [4]; axes [0], keepdims 1"
  std::string text() const;
  std::vector<Array> arrays(Device device) const;  // laid out as the sample says
  std::vector<Array> compact_arrays(Device device) const;
  // A generator for what else the check draws.
  Random random(std::string_view purpose) const;
};

// Which cases of an op to draw.
struct Selection {
  std::vector<DType> dtypes = {float32,
                               float64};  // for the sample's float32; a sample without it comes as it is
  int64_t max_elements = unlimited;       // of all inputs together

  static constexpr int64_t unlimited = int64_t{1} << 60;
};
// Sizes for checks that take many calls a case.
inline constexpr int64_t medium_size = 6000, small_size = 600;
// Every dtype that a sample's float32 may stand for.
extern const std::vector<DType> all_dtypes;

// The op's samples, made once.
const std::vector<Sample>& samples_of(const Row& op);

// Calls f with each case until it returns false.
void visit_cases(const Row& op, const Selection& selection, const std::function<bool(const Case&)>& f);
// The same as checks want it: what f throws is a failure, too. The messages name the case; after a few
// failing cases the rest are left out.
void for_each_case(const Row& op, const Selection& selection, const std::function<void(const Case&)>& f);
// The first case of the selection with elements in all inputs, else the first one.
Case typical_case(const Row& op, const Selection& selection);

// The same call with float32 as float64, and the same values.
Case widened(Case c);
// The same call with inputs, and attributes that speak of their dtype, of another floating or integer dtype.
Value value_of(const plugrad_value& v);

}  // namespace plugrad::conformance
