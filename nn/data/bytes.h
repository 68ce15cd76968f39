// Whole files as bytes, unzipped where they are gzip, and never more of them than the caller allows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "plugrad/core/export.h"

namespace plugrad::files {

using Bytes = std::vector<uint8_t>;

// The most that a data file may hold, uncompressed, unless a reader says otherwise: 256 MiB.
inline constexpr size_t default_limit = size_t{1} << 28;

// What a file holds, and its name for messages.
struct FileBytes {
  std::string path;
  Bytes bytes;
  bool unzipped = false;  // offsets count uncompressed bytes

  size_t size() const { return bytes.size(); }
  // Throws DataError "path: offset 4: fact".
  [[noreturn]] PLUGRAD_PUBLIC void fail(size_t offset, std::string_view fact) const;
};

// The file as it is. DataError where it cannot be opened or read, is no regular file, or is longer than
// `limit`.
PLUGRAD_PUBLIC FileBytes read_file(const std::filesystem::path& path, size_t limit = SIZE_MAX);

// The same, but a file that starts as gzip does is uncompressed (all members of it). DataError besides where
// the compressed data is damaged or truncated, or there is more than `limit` of it uncompressed.
PLUGRAD_PUBLIC FileBytes read_data_file(const std::filesystem::path& path, size_t limit = default_limit);

}  // namespace plugrad::files
