// Drives loops that pass along some axes of strided arrays, forwards or backwards, with a running value for
// each position of the other axes: running sums, and products of all elements but one.
#pragma once

#include <cstdlib>

#include "plugrad/backends/cpu/strided.h"

namespace plugrad::cpu {

// N arrays of one shape: along the axes that are passed, and along those that stay.
template <size_t N>
struct ScanAxes {
  Walk<N> along, others;
  int64_t first[N] = {};  // where the passes begin

  // Backwards where `reverse` says so.
  ScanAxes(const DLTensor& shape, const DLTensor* const (&operands)[N], const bool* passed, bool reverse) {
    for (int i = 0; i < shape.ndim; ++i) {
      const int64_t length = shape.shape[i];
      int64_t strides[N];
      for (size_t k = 0; k < N; ++k) strides[k] = operands[k]->strides[i];
      if (passed[i] && reverse && length > 0)
        for (size_t k = 0; k < N; ++k) {
          first[k] += (length - 1) * strides[k];
          strides[k] = -strides[k];
        }
      (passed[i] ? along : others).push(length, strides);
    }
    along.finish();
    others.finish();
  }
};

namespace detail {

// One pass whose operands begin at `first`.
template <size_t N, class Running, class F>
void scan_one(const Walk<N>& along, const int64_t (&first)[N], Running running, const F& f) {
  Cursor<N> at(along, along.ndim - 1, 0);
  for (int64_t runs = along.size() / along.run(); runs > 0; --runs, at.next()) {
    int64_t place[N];
    for (size_t k = 0; k < N; ++k) place[k] = first[k] + at.offset(k);
    for (int64_t i = 0; i < along.run(); ++i) {
      f(running, place);
      for (size_t k = 0; k < N; ++k) place[k] += along.inner(k);
    }
  }
}

// `length` of them side by side, `across` apart.
template <size_t N, class Running, class F>
void scan_tile(const Walk<N>& along, const int64_t (&first)[N], const int64_t (&across)[N], int64_t length,
               Running* running, const F& f) {
  Cursor<N> at(along, along.ndim - 1, 0);
  for (int64_t runs = along.size() / along.run(); runs > 0; --runs, at.next())
    for (int64_t i = 0; i < along.run(); ++i) {
      int64_t place[N];
      for (size_t k = 0; k < N; ++k) place[k] = first[k] + at.offset(k) + i * along.inner(k);
      for (int64_t j = 0; j < length; ++j) {
        f(running[j], place);
        for (size_t k = 0; k < N; ++k) place[k] += across[k];
      }
    }
}

}  // namespace detail

// Calls f(running, place) for each element in the order of its pass, `place` being where it is in each
// operand; each pass begins with a running value `start` of its own.
template <size_t N, class Running, class F>
void scan(int threads, const ScanAxes<N>& axes, Running start, const F& f) {
  constexpr int64_t tile = 64;
  const Walk<N>&along = axes.along, &others = axes.others;
  const int64_t n = along.size(), run = others.run();
  if (n == 0 || others.size() == 0) return;
  const bool side_by_side = std::abs(others.inner(0)) < std::abs(along.inner(0));
  parallel_for(threads, others.size(), light_grain / n + 1, [&](int64_t begin, int64_t end) {
    Cursor<N> at(others, others.ndim - 1, begin / run);
    for (int64_t j = begin % run; begin < end; j = 0, at.next())
      for (int64_t length; j < run && begin < end; j += length, begin += length) {
        length = side_by_side ? std::min({tile, run - j, end - begin}) : 1;
        int64_t first[N], across[N];
        for (size_t k = 0; k < N; ++k) {
          across[k] = others.inner(k);
          first[k] = axes.first[k] + at.offset(k) + j * across[k];
        }
        if (length == 1) {
          detail::scan_one(along, first, start, f);
        } else {
          Running running[tile];
          std::fill_n(running, length, start);
          detail::scan_tile(along, first, across, length, running, f);
        }
      }
  });
}

}  // namespace plugrad::cpu
