// flatnonzero: the row-major places of the first elements that are not 0, then the number of elements, for
// the places that are wanting. Threads count the places of their parts before they write them.
#include <algorithm>

#include "plugrad/backends/cpu/strided.h"

namespace plugrad::cpu {
namespace {

template <class T>
void find_places(const Call& c, const T* x, int64_t n, int64_t* places, int64_t wanted) {
  constexpr int64_t part = light_grain / 4;
  const int64_t parts = (n + part - 1) / part;
  int64_t* const before = c.workspace<int64_t>(parts + 1);  // places in the parts before each
  const auto for_each_part = [&](auto f) {
    parallel_for(c.threads(), parts, light_grain / part, [&](int64_t begin, int64_t end) {
      for (int64_t k = begin; k < end; ++k) f(k, k * part, std::min(n, (k + 1) * part));
    });
  };
  before[0] = 0;
  for_each_part([&](int64_t k, int64_t begin, int64_t end) {
    before[k + 1] = std::count_if(x + begin, x + end, [](T v) { return v != T{}; });
  });
  for (int64_t k = 0; k < parts; ++k) before[k + 1] += before[k];
  for_each_part([&](int64_t k, int64_t begin, int64_t) {
    const int64_t stop = std::min(before[k + 1], wanted);
    for (int64_t at = before[k], i = begin; at < stop; ++i) {  // without a branch that depends on x
      places[at] = i;
      at += x[i] != T{};
    }
  });
  for (int64_t at = before[parts]; at < wanted; ++at) places[at] = n;
}

void flatnonzero(const Call& c) {
  const DLTensor& x = c.in(0);
  const auto find = [&]<class T>(plugin::Type<T>) {
    find_places(c, compact<T>(c, x), size(x), data<int64_t>(c.out()), size(c.out()));
  };
  if (plugin::is(x.dtype, PLUGRAD_DL_BOOL, 8)) find(plugin::Type<uint8_t>{});
  else plugin::with_number(x.dtype, find);
}

PLUGRAD_FORWARD(flatnonzero, flatnonzero);

}  // namespace
}  // namespace plugrad::cpu
