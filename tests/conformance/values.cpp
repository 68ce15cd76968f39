#include "plugrad/tests/conformance/values.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>

#include "plugrad/core/row_sparse.h"
#include "plugrad/tests/conformance/suite.h"

namespace plugrad::conformance {

namespace {

// Where an array's elements lie in a buffer of `size` elements.
struct Placement {
  int64_t strides[max_ndim] = {};
  int64_t offset = 0, size = 0;
};

// Calls f(number in row-major order, place) for each element.
template <class F>
void for_each_place(const Shape& shape, const int64_t* strides, int64_t offset, F f) {
  const int64_t n = shape.size();
  int64_t index[max_ndim] = {};
  for (int64_t e = 0, place = offset; e < n; ++e) {
    f(e, place);
    for (int k = shape.ndim(); k-- > 0;) {
      place += strides[k];
      if (++index[k] < shape[k]) break;
      place -= strides[k] * shape[k];
      index[k] = 0;
    }
  }
}

// Row-major strides; returns the number of elements.
int64_t row_major(const Shape& shape, int64_t* strides) {
  int64_t n = 1;
  for (int k = shape.ndim(); k-- > 0; n *= shape[k]) strides[k] = n;
  return n;
}

Placement strided(const Shape& shape) {
  Placement p;
  p.size = 2 * row_major(shape, p.strides);
  for (int k = 0; k < shape.ndim(); ++k) p.strides[k] *= 2;
  p.offset = p.size > 0 ? 1 : 0;
  return p;
}

Placement transposed(const Shape& shape) {
  Placement p;
  p.size = 1;
  for (int k = 0; k < shape.ndim(); p.size *= shape[k++]) p.strides[k] = p.size;
  return p;
}

Placement reversed(const Shape& shape) {
  Placement p;
  p.size = row_major(shape, p.strides);
  for (int k = 0; k < shape.ndim(); ++k) p.strides[k] = -p.strides[k];
  p.offset = std::max<int64_t>(p.size - 1, 0);
  return p;
}

Placement repeated(const Shape& shape) {
  int axis = shape.ndim() - 1;
  while (axis >= 0 && shape[axis] <= 1) --axis;
  Shape once = shape;
  if (axis >= 0) once[axis] = 1;
  Placement p;
  p.size = row_major(once, p.strides);
  if (axis >= 0) p.strides[axis] = 0;
  return p;
}

Placement place(const Shape& shape, Layout layout) {
  switch (layout) {
    case Layout::strided:
      return strided(shape);
    case Layout::transposed:
      return transposed(shape);
    case Layout::reversed:
      return reversed(shape);
    case Layout::repeated:
      return repeated(shape);
    case Layout::compact:
      break;
  }
  Placement p;
  p.size = row_major(shape, p.strides);
  return p;
}

template <class T>
Array buffer(const Values& v, const Placement& p, Device device) {
  const T gap = std::is_floating_point_v<T> ? std::numeric_limits<T>::quiet_NaN()
                                            : static_cast<T>(std::numeric_limits<int32_t>::max());
  const auto n = static_cast<size_t>(p.size);
  const std::unique_ptr<T[]> data(new T[n]);
  std::fill_n(data.get(), n, gap);
  for_each_place(v.shape, p.strides, p.offset, [&](int64_t e, int64_t at) {
    data[static_cast<size_t>(at)] = static_cast<T>(v.elements[static_cast<size_t>(e)]);
  });
  return Array::from_data(std::span<const T>(data.get(), n), Shape{p.size}, device);
}

// The array itself where the host can read it, else its copy there.
Array on_host(const Array& x) { return detail::on_host(x.device()) ? dense(x) : x.to(reference_device()); }

uint64_t mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

double rounded(double value, DType dtype) {
  if (dtype == float32) return static_cast<double>(static_cast<float>(value));
  return is_floating(dtype) ? value : std::floor(value);
}

}  // namespace

std::string_view name(Layout layout) {
  constexpr std::string_view names[] = {"compact", "strided", "transposed", "reversed", "repeated"};
  return names[static_cast<size_t>(layout)];
}

Values values_of(const Array& array) {
  const Array x = on_host(array);
  Values v{x.shape(), x.dtype(), std::vector<double>(static_cast<size_t>(x.size()))};
  const char* first = static_cast<const char*>(x.tensor().data) + x.tensor().byte_offset;
  with_type(x.dtype(), [&]<class T>(T) {
    for_each_place(v.shape, x.strides(), 0, [&](int64_t e, int64_t at) {
      T element;
      std::memcpy(&element, first + at * static_cast<int64_t>(sizeof element), sizeof element);
      v.elements[static_cast<size_t>(e)] = static_cast<double>(element);
    });
  });
  return v;
}

std::vector<char> bytes_of(const Array& array) {
  const Array x = on_host(array);
  const auto width = static_cast<int64_t>(size_of(x.dtype()));
  std::vector<char> bytes(static_cast<size_t>(x.size() * width));
  const char* first = static_cast<const char*>(x.tensor().data) + x.tensor().byte_offset;
  for_each_place(x.shape(), x.strides(), 0, [&](int64_t e, int64_t at) {
    std::copy_n(first + at * width, width, bytes.begin() + e * width);
  });
  return bytes;
}

std::vector<char> storage_of(const Array& x) {
  const char* first = static_cast<const char*>(x.storage()->data);
  return {first, first + x.storage()->bytes};
}

Array lay_out(const Values& v, Layout layout, Device device) {
  const Placement p = place(v.shape, layout);
  Array all;
  if (!with_type(v.dtype, [&]<class T>(T) { all = buffer<T>(v, p, device); }))
    all = Array::empty(Shape{p.size}, v.dtype, device);
  return all.view(v.shape.data(), p.strides, v.shape.ndim(), p.offset);
}

Array to_array(const Values& v, Device device) { return lay_out(v, Layout::compact, device); }

std::vector<Array> to_arrays(const std::vector<Values>& v, Device device) {
  std::vector<Array> arrays;
  for (const Values& values : v) arrays.push_back(to_array(values, device));
  return arrays;
}

Values widened(Values v) {
  if (v.dtype == float32) v.dtype = float64;
  return v;
}

int64_t count_elements(const std::vector<Values>& v) {
  int64_t n = 0;
  for (const Values& values : v) n += values.shape.size();
  return n;
}

double magnitude(const std::vector<Values>& v) {
  double largest = 1;
  for (const Values& values : v)
    for (const double x : values.elements)
      if (std::isfinite(x)) largest = std::max(largest, std::abs(x));
  return largest;
}

Random::Random(std::string_view text, std::initializer_list<uint64_t> numbers) : state_(0xcbf29ce484222325) {
  for (const char c : text) state_ = (state_ ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  for (const uint64_t n : numbers) state_ = mix(state_ + 0x9e3779b97f4a7c15 * (n + 1));
}

uint64_t Random::next() { return mix(state_ += 0x9e3779b97f4a7c15); }

double Random::uniform(double low, double high) {
  return low + (high - low) * (static_cast<double>(next() >> 11) * 0x1p-53);
}

int64_t Random::below(int64_t n) { return static_cast<int64_t>(next() % static_cast<uint64_t>(n)); }

Values draw(const Shape& shape, DType dtype, double low, double high, Random& random) {
  Values v{shape, dtype, std::vector<double>(static_cast<size_t>(shape.size()))};
  for (double& x : v.elements) x = rounded(random.uniform(low, high), dtype);
  return v;
}

Values draw_distinct(const Shape& shape, DType dtype, double low, double high, Random& random) {
  const int64_t n = shape.size();
  const double least = is_floating(dtype) ? distinct_gap : 1;
  const double step = std::max((high - low) / static_cast<double>(std::max<int64_t>(n, 1)), least);
  std::vector<int64_t> order(static_cast<size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  for (int64_t i = n; i > 1; --i)
    std::swap(order[static_cast<size_t>(i - 1)], order[static_cast<size_t>(random.below(i))]);
  Values v{shape, dtype, {}};
  // A quarter of a step off the ends and, for an even number of steps, off the middle: often a kink is there.
  for (const int64_t k : order)
    v.elements.push_back(rounded(low + (static_cast<double>(k) + 0.25) * step, dtype));
  return v;
}

}  // namespace plugrad::conformance
