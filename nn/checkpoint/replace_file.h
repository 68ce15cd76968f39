// Writing a file so that whoever looks sees either the old one or the whole new one, also after a crash.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "plugrad/core/export.h"

namespace plugrad::files {

// Writes beside `path` under another name; commit() puts it in the place of `path`. Without a commit, as when
// an exception passes, nothing remains of it. Every failure is a DataError naming `path`, which is then as it
// was.
class PLUGRAD_PUBLIC FileReplacement {
 public:
  explicit FileReplacement(const std::filesystem::path& path);
  FileReplacement(const FileReplacement&) = delete;
  FileReplacement& operator=(const FileReplacement&) = delete;
  ~FileReplacement();

  void write(std::span<const uint8_t> bytes);
  void write(std::string_view text);
  void commit();

 private:
  void open_beside();
  void close() noexcept;
  [[noreturn]] void fail(const char* what) const;

  std::string path_, target_, beside_;  // as given; where it leads, links followed; what is being written
  int fd_ = -1;
};

}  // namespace plugrad::files
