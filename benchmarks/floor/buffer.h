// Memory that is allocated once: aligned to cache lines, zero, and in huge pages where it is large.
#pragma once

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <vector>

namespace plugrad::by_hand {

template <class T>
class Buffer {
 public:
  explicit Buffer(int64_t size) : size_(size) {
    constexpr size_t line = 64, huge = size_t{2} << 20;
    const size_t bytes = static_cast<size_t>(size) * sizeof(T), unit = bytes >= huge ? huge : line;
    const size_t rounded = (bytes + unit - 1) / unit * unit;
    data_.reset(static_cast<T*>(std::aligned_alloc(unit, rounded)));
    if (!data_) throw std::bad_alloc();
    if (unit == huge) madvise(data_.get(), rounded, MADV_HUGEPAGE);  // a wish: fine if it is not granted
    std::fill_n(data_.get(), size, T{});
  }

  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }
  T& operator[](int64_t i) { return data_[static_cast<size_t>(i)]; }
  T operator[](int64_t i) const { return data_[static_cast<size_t>(i)]; }
  int64_t size() const { return size_; }

  void assign(const std::vector<T>& values) { std::copy(values.begin(), values.end(), data()); }
  std::vector<T> values() const { return {data(), data() + size_}; }

 private:
  struct Free {
    void operator()(T* p) const { std::free(p); }
  };
  std::unique_ptr<T[], Free> data_;
  int64_t size_;
};

}  // namespace plugrad::by_hand
