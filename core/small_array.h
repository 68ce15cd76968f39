// An array whose length is known at run time and nearly always small: on the stack up to `inline_size`
// elements.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>

namespace plugrad::detail {

template <class T, int inline_size>
class SmallArray {
 public:
  explicit SmallArray(int n) : n_(n), data_(n <= inline_size ? reinterpret_cast<T*>(inline_) : allocate(n)) {
    std::uninitialized_default_construct_n(data_, n);
  }
  ~SmallArray() {
    std::destroy_n(data_, n_);
    if (n_ > inline_size) std::allocator<T>().deallocate(data_, static_cast<size_t>(n_));
  }
  SmallArray(const SmallArray&) = delete;
  SmallArray& operator=(const SmallArray&) = delete;

  T& operator[](int i) { return data_[i]; }
  const T& operator[](int i) const { return data_[i]; }
  T* data() { return data_; }
  const T* data() const { return data_; }
  T* begin() { return data_; }
  T* end() { return data_ + n_; }

 private:
  static T* allocate(int n) { return std::allocator<T>().allocate(static_cast<size_t>(n)); }
  int n_;
  T* data_;
  alignas(T) std::byte inline_[sizeof(T) * inline_size];
};

}  // namespace plugrad::detail
