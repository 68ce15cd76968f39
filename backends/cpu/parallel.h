// Splits a loop over threads where its work pays for them, and costs nothing where it does not.
#pragma once

#include <omp.h>

#include <algorithm>
#include <cstdint>
#include <exception>
#include <memory>
#include <type_traits>

namespace plugrad::cpu {

// How many iterations each thread should at least get: a parallel region costs microseconds, and far more
// when the cores are busy.
constexpr int64_t light_grain = 256 * 1024;  // an element that costs a load or two and some arithmetic
constexpr int64_t heavy_grain = 48 * 1024;   // an element that costs an exp, log, sin or the like

namespace detail {

// Out of line and without templates, so that it exists once. The first exception of a thread is thrown again
// here: none may leave a parallel region.
[[gnu::noinline]] inline void run_parallel(int threads, int64_t n, void (*part)(void*, int64_t, int64_t),
                                           void* self) {
  std::exception_ptr error;
#pragma omp parallel num_threads(threads) default(none) shared(n, part, self, error)
  {
    const int64_t parts = omp_get_num_threads(), i = omp_get_thread_num();
    const int64_t each = n / parts, more = n % parts;  // the first `more` parts get one more
    const int64_t begin = i * each + std::min(i, more), end = begin + each + (i < more ? 1 : 0);
    try {
      if (begin < end) part(self, begin, end);
    } catch (...) {
#pragma omp critical(plugrad_cpu_error)
      if (!error) error = std::current_exception();
    }
  }
  if (error) std::rethrow_exception(error);
}

}  // namespace detail

// Calls f(begin, end) for parts that cover [0, n), on up to `threads` threads of at least `grain` iterations
// each. With one thread it is a plain call f(0, n), also for n == 0. f may throw.
template <class F>
inline void parallel_for(int threads, int64_t n, int64_t grain, F&& f) {
  if (threads <= 1 || n < 2 * grain) return f(int64_t{0}, n);
  const auto wanted = std::min<int64_t>(threads, n / std::max<int64_t>(grain, 1));
  using Function = std::remove_reference_t<F>;
  detail::run_parallel(
      static_cast<int>(wanted), n,
      [](void* self, int64_t begin, int64_t end) { (*static_cast<Function*>(self))(begin, end); },
      const_cast<std::remove_const_t<Function>*>(std::addressof(f)));
}

}  // namespace plugrad::cpu
