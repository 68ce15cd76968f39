// Golden values: what NumPy, SciPy or PyTorch computes for some of the suite's cases, in golden/<op>.json.
//
// A file is made by `conformance_tests --golden-cases | golden/make.py`, which holds the formulas, and read
// by the check. It contains inputs and outputs, so it does not depend on how the suite draws them.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "plugrad/tests/conformance/samples.h"

namespace plugrad::conformance {

// Writes, one JSON object a line, the cases that want golden values: of the ops named, or of all.
void write_golden_cases(std::ostream& os, const std::vector<std::string>& ops);

struct GoldenCase {
  Case call;
  bool special;  // of special values: there is no common scale
  std::vector<Values> out;
};
// Those of the op; Error where there is no file, or it is not such a file.
std::vector<GoldenCase> read_golden(const Row& op);

}  // namespace plugrad::conformance
