// The arithmetic of convolutions over compact copies, apart from everything that cuDNN has to say about its
// arguments.
#pragma once

#include <vector>

#include "plugrad/tests/cuda_emulation/cudnn/problem.h"

namespace plugrad::cuda_emulation::cudnn {

// The elements of x, w and y, row-major without gaps. Everything is summed in float64 in one fixed order.
struct Values {
  std::vector<double> x, w, y;
};

// Adds to v.y, v.x or v.w, as the direction says, what the other two contribute to it.
void convolve(Direction direction, const Problem& p, Values& v);

}  // namespace plugrad::cuda_emulation::cudnn
