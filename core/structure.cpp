#include "plugrad/core/structure.h"

namespace plugrad::detail {

void structures_differ() {
  throw ShapeError("visit_pairs: the two structures do not hold arrays in the same places");
}

}  // namespace plugrad::detail
