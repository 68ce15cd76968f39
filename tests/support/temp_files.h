// What tests of files need: a folder that goes away, whole-file reads and writes, gzip, and environment
// variables put back.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace plugrad::tests {

using Bytes = std::vector<uint8_t>;

// A new folder under the system's temporary one, removed with all in it.
class TempFolder {
 public:
  TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder();
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }
  // The names of what is in it, sorted.
  std::vector<std::string> names() const;

 private:
  std::filesystem::path path_;
};

// Creates folders on the way. Both throw std::runtime_error on failure.
void write_file(const std::filesystem::path& path, const Bytes& bytes);
void write_file(const std::filesystem::path& path, std::string_view text);
Bytes read_bytes(const std::filesystem::path& path);

Bytes to_bytes(std::string_view text);
Bytes gzip(const Bytes& bytes);
Bytes first_bytes(const Bytes& bytes, size_t count);

// Sets an environment variable, or with nothing unsets it, until the end of the scope.
class ScopedVariable {
 public:
  ScopedVariable(std::string name, const std::optional<std::string>& value);
  ScopedVariable(const ScopedVariable&) = delete;
  ScopedVariable& operator=(const ScopedVariable&) = delete;
  ~ScopedVariable();

 private:
  std::string name_;
  std::optional<std::string> before_;
};

// The message of the exception of type E that f() throws; where it throws none, "(nothing thrown)", and where
// another,
// "(another: ...)".
template <class E, class F>
std::string message_of(F&& f) {
  try {
    f();
  } catch (const E& e) {
    return e.what();
  } catch (const std::exception& e) {
    return std::string("(another: ") + e.what() + ")";
  }
  return "(nothing thrown)";
}

}  // namespace plugrad::tests
