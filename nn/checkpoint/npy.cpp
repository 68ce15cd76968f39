// The .npy format: magic, version, the header's length, a Python dictionary, the elements.
#include "plugrad/nn/checkpoint/npy.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <bit>
#include <charconv>
#include <cstring>
#include <optional>

#include "plugrad/nn/checkpoint/replace_file.h"
#include "plugrad/nn/data/array_bytes.h"

namespace plugrad {
namespace {

using files::Bytes;
using files::FileBytes;

static_assert(std::endian::native == std::endian::little,
              "plugrad: elements are stored as they are in memory");

constexpr std::string_view magic = "\x93NUMPY";

struct Descriptor {
  DType dtype;
  std::string_view text;
};
constexpr Descriptor descriptors[] = {
    {float32, "<f4"}, {float64, "<f8"}, {int32, "<i4"}, {int64, "<i8"}, {bool_, "|b1"}};

struct Header {
  std::optional<DType> dtype;
  std::optional<bool> fortran_order;
  std::optional<std::vector<int64_t>> dims;
};

// Reads the header's dictionary, of which NumPy writes just one form but for spaces and the order of its
// keys.
class HeaderParser {
 public:
  HeaderParser(const FileBytes& file, size_t begin, size_t end)
      : file_(file), text_(reinterpret_cast<const char*>(file.bytes.data()), end), at_(begin) {}

  Header parse() {
    expect('{');
    while (!accept('}')) {
      read_item();
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    skip_spaces();
    if (at_ != text_.size()) fail("text after the header's dictionary");
    if (!header_.dtype || !header_.fortran_order || !header_.dims)
      fail("the header lacks one of descr, fortran_order, shape");
    return std::move(header_);
  }

 private:
  void read_item() {
    const size_t start = at_;
    const std::string_view key = quoted();
    expect(':');
    if (key == "descr" && !header_.dtype) header_.dtype = dtype();
    else if (key == "fortran_order" && !header_.fortran_order) header_.fortran_order = boolean();
    else if (key == "shape" && !header_.dims) header_.dims = tuple();
    else file_.fail(start, fmt::format("key '{}' is unknown, or there twice", key));
  }

  DType dtype() {
    const std::string_view text = quoted();
    for (const auto& known : descriptors)
      if (known.text == text) return known.dtype;
    fail(fmt::format("elements of type '{}'; those that can be read are <f4, <f8, <i4, <i8, |b1", text));
  }

  bool boolean() {
    skip_spaces();
    for (const bool value : {false, true}) {
      const std::string_view word = value ? "True" : "False";
      if (text_.substr(at_, word.size()) != word) continue;
      at_ += word.size();
      return value;
    }
    fail("neither True nor False");
  }

  std::vector<int64_t> tuple() {
    std::vector<int64_t> dims;
    expect('(');
    while (!accept(')')) {
      dims.push_back(length());
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    if (dims.size() > size_t{max_ndim})
      fail(fmt::format("{} axes, at most {} are possible", dims.size(), max_ndim));
    return dims;
  }

  int64_t length() {
    skip_spaces();
    int64_t value = 0;
    const auto [stop, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), value);
    if (error != std::errc() || value < 0) fail("not the length of an axis");
    at_ = static_cast<size_t>(stop - text_.data());
    return value;
  }

  std::string_view quoted() {
    skip_spaces();
    const char quote = at_ < text_.size() ? text_[at_] : '\0';
    if (quote != '\'' && quote != '"') fail("no quoted text");
    const size_t end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) fail("a quoted text without an end");
    const std::string_view text = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return text;
  }

  bool accept(char c) {
    skip_spaces();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!accept(c)) fail(fmt::format("'{}' expected", c));
  }
  void skip_spaces() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }
  [[noreturn]] void fail(std::string_view fact) const { file_.fail(at_, fact); }

  const FileBytes& file_;
  std::string_view text_;
  size_t at_;
  Header header_;
};

// Checks what is before the dictionary; returns where it begins and ends.
std::pair<size_t, size_t> header_range(const FileBytes& file) {
  const size_t version_at = magic.size(), length_at = version_at + 2;
  const auto require = [&](size_t end) {
    if (file.size() < end)
      file.fail(file.size(), fmt::format("truncated: {} bytes, the header ends at {}", file.size(), end));
  };
  require(length_at);
  if (std::memcmp(file.bytes.data(), magic.data(), magic.size()) != 0)
    file.fail(0, "not the magic number of .npy");
  const uint8_t major = file.bytes[version_at], minor = file.bytes[version_at + 1];
  if (major < 1 || major > 3 || minor != 0)
    file.fail(version_at, fmt::format("format version {}.{}; 1.0, 2.0 and 3.0 can be read", major, minor));
  const size_t width = major == 1 ? 2 : 4;
  require(length_at + width);
  uint32_t length = 0;
  std::memcpy(&length, file.bytes.data() + length_at, width);
  const size_t begin = length_at + width;
  require(begin + length);
  return {begin, begin + length};
}

// Column-major elements in row-major order.
Bytes transposed(std::span<const uint8_t> bytes, const std::vector<int64_t>& dims, size_t element) {
  Bytes result(bytes.size());
  std::vector<int64_t> index(dims.size());
  for (size_t to = 0; to < bytes.size(); to += element) {
    size_t from = 0;
    for (size_t axis = dims.size(); axis-- > 0;)
      from = from * static_cast<size_t>(dims[axis]) + static_cast<size_t>(index[axis]);
    std::memcpy(&result[to], &bytes[from * element], element);
    for (size_t axis = dims.size(); axis-- > 0 && ++index[axis] == dims[axis];) index[axis] = 0;
  }
  return result;
}

std::string header_text(const Array& x) {
  std::string_view descriptor;
  for (const auto& known : descriptors)
    if (known.dtype == x.dtype()) descriptor = known.text;
  if (descriptor.empty())
    throw DTypeError(fmt::format("npy: {} cannot be saved; cast to float32 first", name(x.dtype())));
  const std::string dictionary =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}{}), }}", descriptor,
                  fmt::join(x.shape(), ", "), x.ndim() == 1 ? "," : "");
  const size_t before = magic.size() + 4, alignment = 64;
  const size_t total = (before + dictionary.size() + 1 + alignment - 1) / alignment * alignment;
  const auto length = static_cast<uint16_t>(total - before);
  std::string text(magic);
  text += {'\1', '\0', static_cast<char>(length & 0xff), static_cast<char>(length >> 8)};
  text += dictionary;
  text.append(total - text.size() - 1, ' ');
  return text + '\n';
}

}  // namespace

Array load_npy(const std::filesystem::path& path) {
  const FileBytes file = files::read_file(path);
  const auto [begin, end] = header_range(file);
  const Header header = HeaderParser(file, begin, end).parse();
  const auto& dims = *header.dims;
  const auto bytes = std::span(file.bytes).subspan(end);
  const auto expected = files::byte_count(dims, *header.dtype);
  if (!expected)
    file.fail(begin, fmt::format("shape ({}) has more elements than can be counted", fmt::join(dims, ", ")));
  if (bytes.size() < *expected)
    file.fail(file.size(),
              fmt::format("truncated: {} bytes of elements, there should be {}", bytes.size(), *expected));
  if (bytes.size() > *expected)
    file.fail(end + *expected, fmt::format("{} bytes after the last element", bytes.size() - *expected));
  if (*header.dtype == bool_) files::check_bools(file, end, bytes.size());
  const Shape shape(dims);
  if (!*header.fortran_order) return files::from_bytes(bytes, *header.dtype, shape);
  return files::from_bytes(transposed(bytes, dims, size_of(*header.dtype)), *header.dtype, shape);
}

void save_npy(const std::filesystem::path& path, const Array& x) {
  if (!x) throw Error(fmt::format("{}: the array to save is empty (default-constructed)", path.string()));
  const std::string header = header_text(x);
  files::FileReplacement file(path);
  file.write(header);
  file.write(files::to_bytes(x));
  file.commit();
}

}  // namespace plugrad
