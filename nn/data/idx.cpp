// Parsing IDX: every length is held against the bytes that are there before it is used.
#include "plugrad/nn/data/idx.h"

#include <fmt/format.h>

namespace plugrad::files {
namespace {

uint32_t big_endian(const FileBytes& file, size_t at) {
  const uint8_t* b = file.bytes.data() + at;
  return uint32_t{b[0]} << 24 | uint32_t{b[1]} << 16 | uint32_t{b[2]} << 8 | uint32_t{b[3]};
}

}  // namespace

Idx parse_idx(const FileBytes& file, int ndim) {
  constexpr uint32_t unsigned_bytes = 0x08 << 8;
  const size_t header = 4 + 4 * static_cast<size_t>(ndim);
  if (file.size() < header)
    file.fail(file.size(), fmt::format("truncated: {} bytes, the header alone has {}", file.size(), header));
  const uint32_t magic = big_endian(file, 0), expected = unsigned_bytes | static_cast<uint32_t>(ndim);
  if (magic != expected)
    file.fail(0, fmt::format("the magic number is {:#010x}, that of IDX bytes with {} axes is {:#010x}",
                             magic, ndim, expected));
  Idx idx{.dims = {}, .values = std::span(file.bytes).subspan(header), .offset = header};
  size_t count = 1;
  for (size_t at = 4; at < header; at += 4) {
    const uint32_t dim = big_endian(file, at);
    idx.dims.push_back(dim);
    if (__builtin_mul_overflow(count, size_t{dim}, &count))
      file.fail(at, fmt::format("the lengths multiply to more than can be counted (this one is {})", dim));
  }
  if (idx.values.size() < count)
    file.fail(file.size(),
              fmt::format("truncated: {} elements, the header says {}", idx.values.size(), count));
  if (idx.values.size() > count)
    file.fail(header + count, fmt::format("{} bytes more than the header says", idx.values.size() - count));
  return idx;
}

}  // namespace plugrad::files
