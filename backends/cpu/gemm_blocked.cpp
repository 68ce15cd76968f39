// The part of matrix products for all shapes and strides: tiles of c held in registers, fed from panels of a
// and b that are packed for the caches where that pays (the scheme of Goto and van de Geijn, "Anatomy of
// high-performance matrix multiplication", 2008). The lanes of a vector run along n.
#include "plugrad/backends/cpu/targets.h"
//
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugrad/backends/cpu/gemm_blocked.cpp"
#include "hwy/foreach_target.h"
//
#include <cstring>

#include "hwy/highway.h"
#include "plugrad/backends/cpu/gemm.h"
#include "plugrad/backends/cpu/parallel.h"
#include "plugrad/backends/cpu/vectors-inl.h"

// For all targets; multiples of every target's tile.
#ifndef PLUGRAD_BACKENDS_CPU_GEMM_BLOCKED_
#define PLUGRAD_BACKENDS_CPU_GEMM_BLOCKED_
namespace plugrad::cpu {
namespace {

// The largest blocks that are packed: of a height x depth, for the L2 cache; of b depth x width, of which a
// panel as wide as a tile stays in the L1 cache.
constexpr int64_t block_depth = 256, block_height = 120, block_width = 1024;

constexpr int64_t ceil_div(int64_t n, int64_t by) { return (n + by - 1) / by; }
constexpr int64_t round_up(int64_t n, int64_t multiple) { return ceil_div(n, multiple) * multiple; }

}  // namespace
}  // namespace plugrad::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace plugrad::cpu::HWY_NAMESPACE {
namespace {

// A tile of c: as many sums as the registers hold beside what feeds them.
constexpr int tile_rows = HWY_TARGET <= HWY_AVX3 ? 12 : 6;
constexpr int tile_vectors = 2;
template <class T>
constexpr int tile_columns = tile_vectors * lanes<T>;

// Lines of one operand: element p of line i is data[i * line + p * step].
template <class T>
struct Panel {
  const T* data;
  int64_t line, step;
};

// Where a tile goes: a part of c with `columns` columns, of which the tile may have more.
template <class T>
struct Target {
  T* data;
  int64_t row_stride, column_stride, columns;
  bool accumulate;
};

// Writes a tile, which lies in memory with rows `width` apart, to a part of c of any strides.
template <class T>
void scatter_tile(const T* tile, int64_t width, int64_t rows, const Target<T>& c) {
  int64_t i0 = 0;
  if (c.row_stride == 1 && !c.accumulate) {
    const int64_t columns = c.columns / block_lanes<T> * block_lanes<T>;
    for (; i0 + block_lanes<T> <= rows; i0 += block_lanes<T>) {
      for (int64_t j = 0; j < columns; j += block_lanes<T>)
        transpose_block(c.data + i0 + j * c.column_stride, c.column_stride, tile + i0 * width + j, width);
      for (int64_t j = columns; j < c.columns; ++j)
        for (int64_t i = i0; i < i0 + block_lanes<T>; ++i)
          c.data[i + j * c.column_stride] = tile[i * width + j];
    }
  }
  for (int64_t i = i0; i < rows; ++i)
    for (int64_t j = 0; j < c.columns; ++j) {
      T& to = c.data[i * c.row_stride + j * c.column_stride];
      to = c.accumulate ? to + tile[i * width + j] : tile[i * width + j];
    }
}

// c = the sums over `depth` products of lines of a with b, whose rows are b.step apart and contiguous.
template <int Rows, int Vectors, class T>
HWY_INLINE void compute_tile(int64_t depth, const Panel<T>& a, const Panel<T>& b, const Target<T>& c) {
  constexpr Full<T> d;
  constexpr int64_t width = Vectors * lanes<T>;
  VectorTile<T, Rows, Vectors> sum;
#pragma GCC unroll 16
  for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 2
    for (int j = 0; j < Vectors; ++j) sum[i][j] = hn::Zero(d);
  const T* HWY_RESTRICT x = a.data;
  const T* HWY_RESTRICT y = b.data;
  const int64_t line = a.line, x_step = a.step, y_step = b.step;
  for (int64_t p = 0; p < depth; ++p, x += x_step, y += y_step) {
    VectorRow<T, Vectors> v;
#pragma GCC unroll 2
    for (int j = 0; j < Vectors; ++j) v[j] = hn::LoadU(d, y + j * lanes<T>);
#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i) {
      const auto u = hn::Set(d, x[i * line]);
#pragma GCC unroll 2
      for (int j = 0; j < Vectors; ++j) sum[i][j] = hn::MulAdd(u, v[j], sum[i][j]);
    }
  }
  const bool direct = c.column_stride == 1 && c.columns == width;
  HWY_ALIGN T buffer[static_cast<size_t>(Rows * width)];
  T* to = direct ? c.data : buffer;
  const int64_t to_stride = direct ? c.row_stride : width;
  if (direct && c.accumulate) {
#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 2
      for (int j = 0; j < Vectors; ++j)
        sum[i][j] = hn::Add(sum[i][j], hn::LoadU(d, to + i * to_stride + j * lanes<T>));
  }
#pragma GCC unroll 16
  for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 2
    for (int j = 0; j < Vectors; ++j) hn::StoreU(sum[i][j], d, to + i * to_stride + j * lanes<T>);
  if (!direct) scatter_tile(buffer, width, Rows, c);
}

// A tile of 1 to Rows rows.
template <int Vectors, int Rows = tile_rows, class T>
HWY_INLINE void compute_rows(int64_t rows, int64_t depth, const Panel<T>& a, const Panel<T>& b,
                             const Target<T>& c) {
  if (rows == Rows) return compute_tile<Rows, Vectors>(depth, a, b, c);
  if constexpr (Rows > 1) compute_rows<Vectors, Rows - 1>(rows, depth, a, b, c);
}
template <class T>
HWY_NOINLINE void compute(int64_t rows, int64_t depth, const Panel<T>& a, const Panel<T>& b,
                          const Target<T>& c) {
  if (c.columns > lanes<T>) return compute_rows<2>(rows, depth, a, b, c);
  compute_rows<1>(rows, depth, a, b, c);
}

// to[p * Width + i] = element p of line i, for p < depth; zeros for lines beyond `count`.
template <int Width, class T>
HWY_NOINLINE void pack_panel(T* HWY_RESTRICT to, const Panel<T>& from, int64_t count, int64_t depth) {
  if (from.line == 1 && count == Width) {
    for (int64_t p = 0; p < depth; ++p)
      std::memcpy(to + p * Width, from.data + p * from.step, Width * sizeof(T));
    return;
  }
  int64_t i = 0;
  if (from.step == 1) {
    const int64_t blocks = depth / block_lanes<T> * block_lanes<T>;
    for (; i + block_lanes<T> <= count; i += block_lanes<T>) {
      const T* lines = from.data + i * from.line;
      for (int64_t p = 0; p < blocks; p += block_lanes<T>)
        transpose_block(to + p * Width + i, Width, lines + p, from.line);
      for (int64_t p = blocks; p < depth; ++p)
        for (int64_t j = 0; j < block_lanes<T>; ++j) to[p * Width + i + j] = lines[j * from.line + p];
    }
  }
  for (int64_t p = 0; p < depth; ++p) {
    for (int64_t j = i; j < count; ++j) to[p * Width + j] = from.data[j * from.line + p * from.step];
    for (int64_t j = HWY_MAX(i, count); j < Width; ++j) to[p * Width + j] = T{0};
  }
}

// One product on one thread.
template <class T>
class BlockedProduct {
 public:
  BlockedProduct(const Product<T>& product, T* a_packed, T* b_packed)
      : product_(product),
        a_packed_(a_packed),
        b_packed_(b_packed),
        a_direct_(product.a.column_stride == 1 && product.n() <= 4 * columns),
        b_direct_(product.b.column_stride == 1 && product.m() <= 2 * tile_rows) {}

  void run() {
    const int64_t m = product_.m(), n = product_.n(), k = product_.k();
    depth_ = ceil_div(k, ceil_div(k, block_depth));
    for (int64_t j = 0; j < n; j += block_width)
      for (int64_t p = 0; p < k; p += depth_) {
        const int64_t depth = HWY_MIN(depth_, k - p), width = HWY_MIN(block_width, n - j);
        pack_b(p, j, depth, width);
        for (int64_t i = 0; i < m; i += block_height)
          block(i, p, j, HWY_MIN(block_height, m - i), depth, width);
      }
  }

 private:
  static constexpr int columns = tile_columns<T>;

  Panel<T> b_lines(int64_t p, int64_t j) const {
    const auto& b = product_.b;
    return {b.data + p * b.row_stride + j * b.column_stride, b.column_stride, b.row_stride};
  }
  Panel<T> a_lines(int64_t i, int64_t p) const {
    const auto& a = product_.a;
    return {a.data + i * a.row_stride + p * a.column_stride, a.row_stride, a.column_stride};
  }
  bool b_is_packed(int64_t count) const { return !b_direct_ || count < columns; }

  void pack_b(int64_t p, int64_t j, int64_t depth, int64_t width) {
    for (int64_t q = 0; q < width; q += columns) {
      const int64_t count = HWY_MIN(int64_t{columns}, width - q);
      if (b_is_packed(count)) pack_panel<columns>(b_packed_ + q * depth, b_lines(p, j + q), count, depth);
    }
  }

  // Rows [i, i + height) of c: its part in columns [j, j + width), what k in [p, p + depth) adds to it.
  void block(int64_t i, int64_t p, int64_t j, int64_t height, int64_t depth, int64_t width) {
    if (!a_direct_)
      for (int64_t r = 0; r < height; r += tile_rows)
        pack_panel<tile_rows>(a_packed_ + r * depth, a_lines(i + r, p),
                              HWY_MIN(int64_t{tile_rows}, height - r), depth);
    for (int64_t q = 0; q < width; q += columns) {
      const int64_t count = HWY_MIN(int64_t{columns}, width - q);
      const Panel<T> b = b_is_packed(count) ? Panel<T>{b_packed_ + q * depth, 1, columns} : b_lines(p, j + q);
      for (int64_t r = 0; r < height; r += tile_rows) {
        const Panel<T> a = a_direct_ ? a_lines(i + r, p) : Panel<T>{a_packed_ + r * depth, 1, tile_rows};
        const auto& c = product_.c;
        compute(HWY_MIN(int64_t{tile_rows}, height - r), depth, a, b,
                Target<T>{c.data + (i + r) * c.row_stride + (j + q) * c.column_stride, c.row_stride,
                          c.column_stride, count, product_.accumulate || p > 0});
      }
    }
  }

  const Product<T>& product_;
  T* a_packed_;
  T* b_packed_;
  int64_t depth_ = 0;
  const bool a_direct_, b_direct_;
};

void blocked_float(const Product<float>& p, float* a_packed, float* b_packed) {
  BlockedProduct<float>(p, a_packed, b_packed).run();
}
void blocked_double(const Product<double>& p, double* a_packed, double* b_packed) {
  BlockedProduct<double>(p, a_packed, b_packed).run();
}

}  // namespace
}  // namespace plugrad::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plugrad::cpu {
namespace {

HWY_EXPORT(blocked_float);
HWY_EXPORT(blocked_double);

void blocked(const Product<float>& p, float* a_packed, float* b_packed) {
  HWY_DYNAMIC_DISPATCH(blocked_float)(p, a_packed, b_packed);
}
void blocked(const Product<double>& p, double* a_packed, double* b_packed) {
  HWY_DYNAMIC_DISPATCH(blocked_double)(p, a_packed, b_packed);
}

// The rows or, where c is wider than high, the columns [begin, end) of a product.
template <class T>
Product<T> part_of(Product<T> p, int64_t begin, int64_t end) {
  if (p.m() >= p.n()) {
    p.a.data += begin * p.a.row_stride;
    p.c.data += begin * p.c.row_stride;
    p.a.rows = p.c.rows = end - begin;
  } else {
    p.b.data += begin * p.b.column_stride;
    p.c.data += begin * p.c.column_stride;
    p.b.columns = p.c.columns = end - begin;
  }
  return p;
}

// The packed blocks of one operand, `side` being c's along it.
int64_t packed_size(int64_t side, int64_t multiple, int64_t largest, int64_t k) {
  return round_up(std::min(round_up(side, multiple), largest) * std::min(k, block_depth), 16);
}
int64_t a_packed_size(int64_t m, int64_t k) { return packed_size(m, 12, block_height, k); }
int64_t b_packed_size(int64_t n, int64_t k) { return packed_size(n, 32, block_width, k); }

}  // namespace

int64_t blocked_scratch(int64_t m, int64_t n, int64_t k) { return a_packed_size(m, k) + b_packed_size(n, k); }

// Each thread computes a part of c by itself, in the same order of additions whatever their number.
template <class T>
void multiply_blocked(const Product<T>& p, Scratch& scratch, int threads) {
  const int64_t m = p.m(), n = p.n(), k = p.k(),
                unit = 24;  // a multiple of every target's tile but for AVX-512
  const int64_t units = ceil_div(std::max(m, n), unit);
  const int64_t most = std::min<int64_t>(units, ceil_div(m * n * k, multiply_grain));
  const auto parts = std::clamp<int64_t>(most, 1, threads);
  const int64_t a_size = a_packed_size(m, k), size = a_size + b_packed_size(n, k);
  T* packed = scratch.get<T>(parts * size);
  parallel_for(static_cast<int>(parts), parts, 1, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) {
      const int64_t begin = i * units / parts * unit,
                    end = std::min((i + 1) * units / parts * unit, std::max(m, n));
      T* own = packed + i * size;
      blocked(part_of(p, begin, end), own, own + a_size);
    }
  });
}
template void multiply_blocked(const Product<float>&, Scratch&, int);
template void multiply_blocked(const Product<double>&, Scratch&, int);

}  // namespace plugrad::cpu
#endif
