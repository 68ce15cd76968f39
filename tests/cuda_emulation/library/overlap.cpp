// Sorts the extents by where they begin, so that only neighbours have to be compared.
#include "plugrad/tests/cuda_emulation/library/overlap.h"

#include <algorithm>

namespace plugrad::cuda_emulation {

namespace {

void sort(std::vector<Extent>& extents) {
  std::erase_if(extents, [](const Extent& e) { return e.begin == e.end; });
  std::sort(extents.begin(), extents.end(),
            [](const Extent& a, const Extent& b) { return a.begin < b.begin; });
}

}  // namespace

bool overlaps(std::vector<Extent> written, std::vector<Extent> read) {
  sort(written);
  for (size_t i = 1; i < written.size(); ++i)
    if (written[i - 1].end > written[i].begin) return true;
  sort(read);
  // The written ones are apart now, so the first that ends behind the beginning of `r` decides.
  for (const Extent& r : read) {
    const auto w = std::upper_bound(written.begin(), written.end(), r.begin,
                                    [](std::uintptr_t at, const Extent& e) { return at < e.end; });
    if (w != written.end() && overlap(*w, r)) return true;
  }
  return false;
}

}  // namespace plugrad::cuda_emulation
