// The maximum, and the mean, of each window of images.
//
//   max:  y = max of the window      dx: dy to the first maximum of its window, in row-major order
//   mean: y = sum of the window / its size, with its padding or without      dx: dy / size to all of the
//   window
#include <algorithm>
#include <limits>

#include "plugrad/backends/cpu/strided.h"

namespace plugrad::cpu {
namespace {

// The numbers of one call.
struct Geometry {
  int64_t h, w, oh, ow, stride_h, stride_w, padding_h, padding_w, kernel_h, kernel_w;
};

Geometry geometry(const Call& c, const DLTensor& x, const DLTensor& y) {
  return {x.shape[2],       x.shape[3],       y.shape[2],       y.shape[3],       c.integers(1)[0],
          c.integers(1)[1], c.integers(2)[0], c.integers(2)[1], c.integers(0)[0], c.integers(0)[1]};
}

// Calls f(output index, rows [r0, r1), columns [c0, c1)) for each window of a plane, cut to the input.
template <class F>
void for_each_window(const Geometry& g, F&& f) {
  for (int64_t i = 0; i < g.oh; ++i) {
    const int64_t r = i * g.stride_h - g.padding_h;
    for (int64_t j = 0; j < g.ow; ++j) {
      const int64_t q = j * g.stride_w - g.padding_w;
      f(i * g.ow + j, std::max<int64_t>(r, 0), std::min(r + g.kernel_h, g.h), std::max<int64_t>(q, 0),
        std::min(q + g.kernel_w, g.w));
    }
  }
}

// Is v the new maximum? NaN is, once.
template <class T>
bool beats(T v, T best) {
  return v > best || (v != v && best == best);
}

template <class T>
void pool_plane(const Geometry& g, const T* x, T* y) {
  if (g.kernel_h == 2 && g.kernel_w == 2 && g.stride_h == 2 && g.stride_w == 2 && !g.padding_h &&
      !g.padding_w) {
    for (int64_t i = 0; i < g.oh; ++i)
      for (int64_t j = 0; j < g.ow; ++j) {
        const T* p = x + 2 * i * g.w + 2 * j;
        T best = beats(p[1], p[0]) ? p[1] : p[0];
        best = beats(p[g.w], best) ? p[g.w] : best;
        y[i * g.ow + j] = beats(p[g.w + 1], best) ? p[g.w + 1] : best;
      }
    return;
  }
  for_each_window(g, [&](int64_t out, int64_t r0, int64_t r1, int64_t c0, int64_t c1) {
    T best = -std::numeric_limits<T>::infinity();
    for (int64_t r = r0; r < r1; ++r)
      for (int64_t q = c0; q < c1; ++q) best = beats(x[r * g.w + q], best) ? x[r * g.w + q] : best;
    y[out] = best;
  });
}

// Windows overlap where the stride is less than the kernel: what they give adds up.
template <class T>
void unpool_plane(const Geometry& g, const T* x, const T* dy, T* dx) {
  std::fill_n(dx, g.h * g.w, T{});
  for_each_window(g, [&](int64_t out, int64_t r0, int64_t r1, int64_t c0, int64_t c1) {
    int64_t first = r0 * g.w + c0;
    for (int64_t r = r0; r < r1; ++r)
      for (int64_t q = c0; q < c1; ++q) first = beats(x[r * g.w + q], x[first]) ? r * g.w + q : first;
    dx[first] += dy[out];
  });
}

// Calls f(plane) for planes in parallel.
template <class F>
void for_each_plane(const Call& c, const DLTensor& x, const DLTensor& y, F&& f) {
  const int64_t planes = x.shape[0] * x.shape[1], work = std::max<int64_t>(x.shape[2] * x.shape[3], 1);
  if (size(y) == 0 && size(x) == 0) return;
  parallel_for(c.threads(), planes, std::max<int64_t>(heavy_grain / work, 1),
               [&](int64_t begin, int64_t end) {
                 for (int64_t p = begin; p < end; ++p) f(p);
               });
}

void max_pool2d(const Call& c) {
  plugin::with_floating(c.out().dtype, [&](auto t) {
    using T = typename decltype(t)::type;
    const Geometry g = geometry(c, c.in(0), c.out());
    const T* x = compact<T>(c, c.in(0));
    T* y = data<T>(c.out());
    for_each_plane(c, c.in(0), c.out(),
                   [&](int64_t p) { pool_plane(g, x + p * g.h * g.w, y + p * g.oh * g.ow); });
  });
}

void max_pool2d_gradient(const Call& c) {
  plugin::with_floating(c.dout().dtype, [&](auto t) {
    using T = typename decltype(t)::type;
    const Geometry g = geometry(c, c.in(0), c.dout());
    const T *x = compact<T>(c, c.in(0)), *dy = compact<T>(c, c.dout());
    T* dx = data<T>(c.din(0));
    for_each_plane(c, c.in(0), c.dout(), [&](int64_t p) {
      unpool_plane(g, x + p * g.h * g.w, dy + p * g.oh * g.ow, dx + p * g.h * g.w);
    });
  });
}

// ---- the mean ----

// Calls f(windows, elements, n, step of the windows, step of the elements) until each element of a line of
// the image has met each window of the line that it is in: window by window where they are few, else tap by
// tap.
template <class F>
void for_each_meeting(const Geometry& g, F&& f) {
  if (g.ow < g.kernel_w) {
    for (int64_t j = 0; j < g.ow; ++j) {
      const int64_t q = j * g.stride_w - g.padding_w, first = std::max<int64_t>(q, 0);
      f(j, first, std::min(q + g.kernel_w, g.w) - first, 0, 1);
    }
    return;
  }
  for (int64_t b = 0; b < g.kernel_w; ++b) {
    const int64_t left = b - g.padding_w;
    const int64_t first = left >= 0 ? 0 : (-left + g.stride_w - 1) / g.stride_w;
    const int64_t last = left >= g.w ? 0 : std::min((g.w - 1 - left) / g.stride_w + 1, g.ow);
    if (first < last) f(first, left + first * g.stride_w, last - first, 1, g.stride_w);
  }
}

// to[i * to_step] += from[i * from_step]; either step may be 0.
template <class T>
void add_run(T* __restrict to, int64_t to_step, const T* __restrict from, int64_t from_step, int64_t n) {
  if (to_step == 1 && from_step == 1) {
    for (int64_t i = 0; i < n; ++i) to[i] += from[i];
  } else if (to_step == 1 && from_step == 2) {
    for (int64_t i = 0; i < n; ++i) to[i] += from[2 * i];
  } else {
    for (int64_t i = 0; i < n; ++i) to[i * to_step] += from[i * from_step];
  }
}

// How many elements each window of a plane is the mean of: sizes(i, j) for the one in line i, column j.
struct WindowSizes {
  const Geometry& g;
  bool count_include_pad;

  static int64_t inside(int64_t window, int64_t stride, int64_t padding, int64_t kernel, int64_t length) {
    const int64_t first = window * stride - padding;
    return std::min(first + kernel, length) - std::max<int64_t>(first, 0);
  }
  int64_t operator()(int64_t i, int64_t j) const {
    if (count_include_pad) return g.kernel_h * g.kernel_w;
    return inside(i, g.stride_h, g.padding_h, g.kernel_h, g.h) *
           inside(j, g.stride_w, g.padding_w, g.kernel_w, g.w);
  }
};

// to = from / size of the window.
template <class T>
void divide_by_sizes(const WindowSizes& sizes, const T* from, T* to) {
  const Geometry& g = sizes.g;
  for (int64_t i = 0; i < g.oh; ++i)
    for (int64_t j = 0; j < g.ow; ++j) to[i * g.ow + j] = from[i * g.ow + j] / static_cast<T>(sizes(i, j));
}

// Calls f(line of windows, line of the image) for all that meet.
template <class F>
void for_each_pair_of_lines(const Geometry& g, F&& f) {
  for (int64_t i = 0; i < g.oh; ++i) {
    const int64_t r = i * g.stride_h - g.padding_h;
    for (int64_t k = std::max<int64_t>(r, 0); k < std::min(r + g.kernel_h, g.h); ++k) f(i, k);
  }
}

void avg_pool2d(const Call& c) {
  plugin::with_floating(c.out().dtype, [&](auto t) {
    using T = typename decltype(t)::type;
    const Geometry g = geometry(c, c.in(0), c.out());
    const WindowSizes sizes{g, c.integer(3) != 0};
    const T* x = compact<T>(c, c.in(0));
    T* y = data<T>(c.out());
    for_each_plane(c, c.in(0), c.out(), [&](int64_t p) {
      const T* image = x + p * g.h * g.w;
      T* sums = y + p * g.oh * g.ow;
      std::fill_n(sums, g.oh * g.ow, T{});
      for_each_pair_of_lines(g, [&](int64_t i, int64_t k) {
        for_each_meeting(g, [&](int64_t j, int64_t q, int64_t n, int64_t windows, int64_t elements) {
          add_run(sums + i * g.ow + j, windows, image + k * g.w + q, elements, n);
        });
      });
      divide_by_sizes(sizes, sums, sums);
    });
  });
}

void avg_pool2d_gradient(const Call& c) {
  plugin::with_floating(c.dout().dtype, [&](auto t) {
    using T = typename decltype(t)::type;
    const Geometry g = geometry(c, c.din(0), c.dout());
    const WindowSizes sizes{g, c.integer(3) != 0};
    const T* dy = compact<T>(c, c.dout());
    T *dx = data<T>(c.din(0)), *all_parts = c.workspace<T>(size(c.dout()));
    for_each_plane(c, c.din(0), c.dout(), [&](int64_t p) {
      T *image = dx + p * g.h * g.w, *parts = all_parts + p * g.oh * g.ow;
      divide_by_sizes(sizes, dy + p * g.oh * g.ow, parts);
      std::fill_n(image, g.h * g.w, T{});
      for_each_pair_of_lines(g, [&](int64_t i, int64_t k) {
        for_each_meeting(g, [&](int64_t j, int64_t q, int64_t n, int64_t windows, int64_t elements) {
          add_run(image + k * g.w + q, elements, static_cast<const T*>(parts) + i * g.ow + j, windows, n);
        });
      });
    });
  });
}

PLUGRAD_KERNELS(max_pool2d, max_pool2d, max_pool2d_gradient);
PLUGRAD_KERNELS(avg_pool2d, avg_pool2d, avg_pool2d_gradient);

}  // namespace
}  // namespace plugrad::cpu
