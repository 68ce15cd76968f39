// Arrays as text, as NumPy 2.4 prints them: str(x) with its default options.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <ostream>

#include "plugrad/core/backend.h"
#include "plugrad/core/core_ops.h"
#include "plugrad/core/decimal.h"

namespace plugrad {

namespace {

constexpr int precision = 8;         // digits after the point, at most
constexpr int64_t threshold = 1000;  // elements; more of them are summarised
constexpr int64_t edge_items = 3;    // shown at each end of a summarised axis
constexpr int line_width = 75;
constexpr double smallest_fixed = 1e-4;  // smaller numbers are in scientific notation

using Words = std::vector<std::string>;

// ---- which elements are shown ----

// The elements of an array in host memory; axes longer than two edges are cut short when it is summarised.
struct View {
  const char* data;
  int64_t item;
  Shape shape;
  int64_t strides[max_ndim];  // in bytes
  bool summarised;

  bool cut(int axis) const { return summarised && shape[axis] > 2 * edge_items; }
};

// Calls f(address) for each element that is shown, in order.
template <class F>
void for_shown(const View& v, F&& f, int axis = 0, const char* at = nullptr) {
  if (axis == 0) at = v.data;
  if (axis == v.shape.ndim()) return f(at);
  for (int64_t i = 0; i < v.shape[axis]; ++i) {
    if (v.cut(axis) && i == edge_items) i = v.shape[axis] - edge_items;
    for_shown(v, f, axis + 1, at + i * v.strides[axis]);
  }
}

// Keeps the bytes of an array that is elsewhere; the view of another stays with the array.
View host_view(const Array& x, std::unique_ptr<char[]>& bytes) {
  View v{};
  v.item = static_cast<int64_t>(size_of(x.dtype()));
  v.shape = x.shape();
  v.summarised = x.size() > threshold;
  if (detail::on_host(x.device())) {
    v.data = static_cast<const char*>(x.tensor().data) + x.tensor().byte_offset;
    for (int i = 0; i < x.ndim(); ++i) v.strides[i] = x.strides()[i] * v.item;
    return v;
  }
  const Array source = x.contiguous() ? x : detail::call_copy(x.detach());
  const size_t n = static_cast<size_t>(x.size() * v.item);
  bytes = std::make_unique<char[]>(n);
  detail::copy_bytes(*source.storage(), bytes.get(),
                     static_cast<const char*>(source.tensor().data) + source.tensor().byte_offset, n,
                     PLUGRAD_DEVICE_TO_HOST);
  v.data = bytes.get();
  int64_t stride = v.item;
  for (int i = x.ndim(); i-- > 0; stride *= x.dims()[i]) v.strides[i] = stride;
  return v;
}

// ---- one element ----

template <class T>
std::string non_finite(T x) {
  return std::isnan(x) ? "nan" : x < 0 ? "-inf" : "inf";
}

// From this number on, scientific notation. NumPy lowers it for types that hold fewer whole numbers exactly.
template <class T>
constexpr double largest_fixed(bool scalar) {
  return std::same_as<T, float> ? 1e6 : scalar ? 1e16 : 1e8;
}

std::string scalar_text(bool x) { return x ? "True" : "False"; }
std::string scalar_text(std::integral auto x) { return fmt::format("{}", x); }

// All the digits of a number that stands alone.
std::string scalar_text(std::floating_point auto x) {
  if (!std::isfinite(x)) return non_finite(x);
  const double size = std::abs(static_cast<double>(x));
  if (size == 0 || (size >= smallest_fixed && size < largest_fixed<decltype(x)>(true))) {
    std::string s = detail::positional(x, detail::unlimited);
    return s.back() == '.' ? s + '0' : s;
  }
  auto [mantissa, exponent] = detail::scientific(x, detail::unlimited);
  if (mantissa.back() == '.') mantissa.pop_back();
  return mantissa + detail::exponent_text(exponent, 2);
}

// ---- all elements shown, each of the same width ----

void pad_left(Words& words) {
  size_t width = 0;
  for (const std::string& w : words) width = std::max(width, w.size());
  for (std::string& w : words) w.insert(0, width - w.size(), ' ');
}

Words words_of(const std::vector<bool>& values) {
  Words words;
  for (bool x : values) words.emplace_back(x ? " True" : "False");
  return words;
}

template <class T>
  requires std::integral<T>
Words words_of(const std::vector<T>& values) {
  Words words;
  for (T x : values) words.push_back(scalar_text(x));
  pad_left(words);
  return words;
}

// One notation for all: scientific where the non-zero numbers are large, small, or far apart.
template <class T>
bool wants_scientific(const std::vector<T>& values) {
  T largest = 0, smallest = 0;
  for (T x : values) {
    if (!std::isfinite(x) || x == 0) continue;
    largest = std::max(largest, std::abs(x));
    smallest = smallest == 0 ? std::abs(x) : std::min(smallest, std::abs(x));
  }
  return largest != 0 && (largest >= static_cast<T>(largest_fixed<T>(false)) ||
                          smallest < static_cast<T>(smallest_fixed) || largest / smallest > T{1000});
}

// The points stand below each other; shorter fractions are filled up with blanks.
template <class T>
void write_positional(const std::vector<T>& values, Words& words) {
  size_t fraction = 0;
  for (T x : values) {
    if (!std::isfinite(x)) {
      words.emplace_back();
      continue;
    }
    words.push_back(detail::positional(x, precision));
    fraction = std::max(fraction, words.back().size() - words.back().find('.') - 1);
  }
  for (std::string& w : words)
    if (!w.empty()) w.append(fraction - (w.size() - w.find('.') - 1), ' ');
}

// All mantissas of the length of the longest, all exponents of the longest.
template <class T>
void write_scientific(const std::vector<T>& values, Words& words) {
  size_t fraction = 0;
  int digits = 2;
  for (T x : values) {
    if (!std::isfinite(x)) continue;
    const auto [mantissa, exponent] = detail::scientific(x, precision);
    fraction = std::max(fraction, mantissa.size() - mantissa.find('.') - 1);
    if (std::abs(exponent) >= 100) digits = 3;
  }
  for (T x : values) {
    words.emplace_back();
    if (!std::isfinite(x)) continue;
    const auto [mantissa, exponent] = detail::scientific(x, precision, static_cast<int>(fraction));
    words.back() = mantissa + detail::exponent_text(exponent, digits);
  }
}

template <class T>
  requires std::floating_point<T>
Words words_of(const std::vector<T>& values) {
  Words words;
  if (wants_scientific(values)) write_scientific(values, words);
  else write_positional(values, words);
  for (size_t i = 0; i < words.size(); ++i)
    if (words[i].empty()) words[i] = non_finite(values[i]);
  pad_left(words);
  return words;
}

// ---- brackets and lines ----

class Layout {
 public:
  Layout(const View& view, const Words& words) : view_(view), next_(words.begin()) {}

  // The sub-array from `axis` on, its brackets included; lines but the first begin with `indent`.
  std::string text(int axis, const std::string& indent, int width) {
    const bool innermost = axis + 1 == view_.shape.ndim();
    return '[' + (innermost ? row(axis, indent, width) : rows(axis, indent, width)) + ']';
  }

 private:
  std::string rows(int axis, const std::string& indent, int width) {
    const std::string separator(static_cast<size_t>(view_.shape.ndim() - axis - 1), '\n');
    std::string s;
    for (int64_t i = 0; i < view_.shape[axis]; ++i) {
      if (i) s.append(separator).append(indent);
      if (view_.cut(axis) && i == edge_items) {
        s.append("...").append(separator).append(indent);
        i = view_.shape[axis] - edge_items;
      }
      s += text(axis + 1, indent + ' ', width - 1);
    }
    return s;
  }

  // Elements, in as many lines as it takes; the last column is for a bracket.
  std::string row(int axis, const std::string& indent, int width) {
    std::string s, line = indent;
    const auto add = [&](const std::string& word) {
      const bool fits = line.size() + word.size() <= static_cast<size_t>(std::max(width - 1, 0));
      if (!fits && line.size() > indent.size()) {
        line.erase(line.find_last_not_of(' ') + 1);
        s += line + '\n';
        line = indent;
      }
      line += word;
    };
    for (int64_t i = 0; i < view_.shape[axis]; ++i) {
      if (i) line += ' ';
      if (view_.cut(axis) && i == edge_items) {
        add("...");
        line += ' ';
        i = view_.shape[axis] - edge_items;
      }
      add(*next_++);
    }
    return (s + line).substr(indent.size());
  }

  const View& view_;
  Words::const_iterator next_;
};

template <class T>
std::string text_of(const View& view) {
  std::vector<T> values;
  for_shown(view, [&](const char* at) {
    T value;
    std::memcpy(&value, at, sizeof value);
    values.push_back(value);
  });
  if (view.shape.ndim() == 0) return scalar_text(static_cast<T>(values[0]));
  const Words words = words_of(values);
  return Layout(view, words).text(0, " ", line_width);
}

}  // namespace

std::string to_string(const Array& x) {
  if (!x) throw Error("to_string: an empty array");
  if (x.size() == 0) return "[]";
  std::unique_ptr<char[]> bytes;
  const View view = host_view(x, bytes);
  std::string text;
  if (!with_type(x.dtype(), [&](auto t) { text = text_of<decltype(t)>(view); }))
    throw DTypeError(fmt::format("to_string: no text for arrays of {}", name(x.dtype())));
  return text;
}

std::ostream& operator<<(std::ostream& os, const Array& x) { return os << to_string(x); }

}  // namespace plugrad
