// concat: the inputs one after another along an axis, copied run by run.
#include <cstdint>
#include <cstring>

#include "plugrad/backends/cpu/gemm.h"
#include "plugrad/backends/cpu/strided.h"

namespace plugrad::cpu {
namespace {

// Copies x, [outer, run] when compact, to columns of `out`, [outer, out_run].
template <class T>
void copy_columns(T* out, int64_t out_run, const T* x, int64_t outer, int64_t run, int threads) {
  parallel_for(threads, outer, std::max<int64_t>(light_grain / std::max<int64_t>(run, 1), 1),
               [&](int64_t begin, int64_t end) {
                 for (int64_t i = begin; i < end; ++i)
                   std::memcpy(out + i * out_run, x + i * run, static_cast<size_t>(run) * sizeof(T));
               });
}

void concat(const Call& c) {
  const DLTensor& out = c.out();
  const int axis = static_cast<int>(c.integer(0) < 0 ? c.integer(0) + out.ndim : c.integer(0));
  int64_t outer = 1, inner = 1;
  for (int i = 0; i < axis; ++i) outer *= out.shape[i];
  for (int i = axis + 1; i < out.ndim; ++i) inner *= out.shape[i];
  if (size(out) == 0) return;
  plugin::with_any(out.dtype, [&](auto t) {
    using T = typename decltype(t)::type;
    Scratch scratch(c);
    T* to = data<T>(out);
    for (int i = 0; i < c.n_in(); ++i) {
      const DLTensor& x = c.in(i);
      const int64_t run = x.shape[axis] * inner;
      const T* from = data<const T>(x);
      if (run == 0) continue;
      if (!contiguous(x)) {
        T* compact_x = scratch.get<T>(size(x));
        copy_to_compact(compact_x, from, walk_over(x), c.threads());
        from = compact_x;
      }
      copy_columns(to, out.shape[axis] * inner, from, outer, run, c.threads());
      to += run;
    }
  });
}

PLUGRAD_FORWARD(concat, concat);

}  // namespace
}  // namespace plugrad::cpu
