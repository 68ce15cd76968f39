// Threads share the products that write to different parts of c where there are enough of them, otherwise
// each product by itself.
#include "plugrad/backends/cpu/products.h"

#include "plugrad/backends/cpu/gemm.h"
#include "plugrad/backends/cpu/strided.h"

namespace plugrad::cpu {
namespace {

using plugin::ProductAxes;
using plugin::ProductAxis;

template <class T>
class Batch {
 public:
  Batch(const ProductAxes& axes, const T* a, const T* b, T* c, bool accumulate)
      : first_{{a, axes.m.length, axes.k.length, axes.m.a, axes.k.a},
               {b, axes.k.length, axes.n.length, axes.k.b, axes.n.b},
               {c, axes.m.length, axes.n.length, axes.m.c, axes.n.c},
               accumulate} {
    for (int i = axes.batch_ndim; i-- > 0;) {
      const ProductAxis& axis = axes.batch[i];
      (axis.c == 0 ? summed_ : apart_).push(axis.length, {axis.a, axis.b, axis.c});
    }
    apart_.finish();
    summed_.finish();
  }

  void run(const Call& call) const {
    const int64_t n = apart_.size(), threads = call.threads();
    const int64_t work = first_.m() * first_.n() * first_.k() * summed_.size();
    const int64_t parts = std::clamp<int64_t>(n * work / multiply_grain, 1, threads);
    if (parts == 1 || n < threads) {
      Scratch scratch(call);
      return run(0, n, scratch, call.threads());
    }
    const size_t bytes = (scratch_bytes(first_) + 63) / 64 * 64;
    char* memory = call.workspace<char>(parts * static_cast<int64_t>(bytes));
    parallel_for(static_cast<int>(parts), parts, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        Scratch scratch(call, memory + i * static_cast<int64_t>(bytes), bytes);
        run(i * n / parts, (i + 1) * n / parts, scratch, 1);
      }
    });
  }

 private:
  // Those that write to parts [begin, end) of c.
  void run(int64_t begin, int64_t end, Scratch& scratch, int threads) const {
    Cursor<3> at(apart_, apart_.ndim, begin);
    for (int64_t i = begin; i < end; ++i, at.next()) add_up(at, scratch, threads);
  }
  void add_up(const Cursor<3>& part, Scratch& scratch, int threads) const {
    Cursor<3> at(summed_, summed_.ndim, 0);
    Product<T> p = first_;
    p.c.data += part.offset(2);
    for (int64_t n = summed_.size(); n > 0; --n, at.next()) {
      p.a.data = first_.a.data + part.offset(0) + at.offset(0);
      p.b.data = first_.b.data + part.offset(1) + at.offset(1);
      multiply(p, scratch, threads);
      p.accumulate = true;
    }
  }

  const Product<T> first_;
  Walk<3> apart_, summed_;  // a, b and c along the batch's axes
};

}  // namespace

template <class T>
void multiply(const Call& call, const ProductAxes& axes, const T* a, const T* b, T* c, bool accumulate) {
  const int64_t size = axes.size();
  if (size == 0) return;
  if (axes.terms() == 0) {
    if (!accumulate) std::fill_n(c, size, T{0});
    return;
  }
  Batch<T>(plugin::folded(axes), a, b, c, accumulate).run(call);
}
template void multiply(const Call&, const ProductAxes&, const float*, const float*, float*, bool);
template void multiply(const Call&, const ProductAxes&, const double*, const double*, double*, bool);

}  // namespace plugrad::cpu
