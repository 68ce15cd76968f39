// Reading files: plain POSIX calls for exact errors, zlib's inflate for gzip with a bound on what comes out.
#include "plugrad/nn/data/bytes.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "plugrad/core/error.h"

namespace plugrad::files {
namespace {

[[noreturn]] void fail_with_errno(const std::string& path, const char* what) {
  throw DataError(fmt::format("{}: cannot {}: {}", path, what, std::generic_category().message(errno)));
}

// A file open for reading, closed with it.
class InputFile {
 public:
  // Non-blocking, or opening a pipe would wait for its writer.
  explicit InputFile(const std::string& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
    if (fd_ < 0) fail_with_errno(path, "open");
  }
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;
  ~InputFile() { ::close(fd_); }
  int fd() const { return fd_; }

 private:
  int fd_;
};

// One gzip stream being uncompressed.
class Inflater {
 public:
  Inflater() {
    constexpr int gzip_only = 16;
    if (inflateInit2(&stream_, MAX_WBITS + gzip_only) != Z_OK) throw Error("gzip: zlib has no memory");
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() { inflateEnd(&stream_); }
  z_stream* operator->() { return &stream_; }
  int step() { return inflate(&stream_, Z_NO_FLUSH); }

 private:
  z_stream stream_{};
};

// Appends to `out` the member that starts at `at`; returns where it ends.
size_t unzip_member(const FileBytes& zipped, size_t at, size_t limit, Bytes& out) {
  Inflater inflater;
  std::array<uint8_t, 1 << 16> chunk;
  for (int status = Z_OK; status != Z_STREAM_END;) {
    const auto available = static_cast<uInt>(std::min(zipped.size() - at, size_t{1} << 30));
    inflater->next_in = const_cast<Bytef*>(zipped.bytes.data() + at);
    inflater->avail_in = available;
    inflater->next_out = chunk.data();
    inflater->avail_out = static_cast<uInt>(chunk.size());
    status = inflater.step();
    at += available - inflater->avail_in;
    const size_t produced = chunk.size() - inflater->avail_out;
    if (produced > limit - out.size())
      zipped.fail(at, fmt::format("holds more than the {} bytes allowed when uncompressed", limit));
    out.insert(out.end(), chunk.begin(), chunk.begin() + static_cast<std::ptrdiff_t>(produced));
    if (status == Z_BUF_ERROR) zipped.fail(at, "the gzip data is truncated");
    if (status != Z_OK && status != Z_STREAM_END)
      zipped.fail(
          at, fmt::format("the gzip data is damaged: {}", inflater->msg ? inflater->msg : zError(status)));
  }
  return at;
}

bool is_gzip(const Bytes& bytes) { return bytes.size() >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b; }

}  // namespace

void FileBytes::fail(size_t offset, std::string_view fact) const {
  throw DataError(fmt::format("{}: offset {}{}: {}", path, offset, unzipped ? " (uncompressed)" : "", fact));
}

FileBytes read_file(const std::filesystem::path& path, size_t limit) {
  FileBytes file{.path = path.string(), .bytes = {}};
  const InputFile input(file.path);
  struct stat status {};
  if (::fstat(input.fd(), &status) != 0) fail_with_errno(file.path, "examine");
  if (!S_ISREG(status.st_mode)) throw DataError(fmt::format("{}: not a regular file", file.path));
  const auto size = static_cast<size_t>(status.st_size);
  if (size > limit)
    file.fail(limit, fmt::format("the file has {} bytes, at most {} are allowed", size, limit));
  file.bytes.resize(size);
  for (size_t at = 0; at < size;) {
    const ssize_t n = ::read(input.fd(), file.bytes.data() + at, size - at);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail_with_errno(file.path, "read");
    if (n == 0) file.fail(at, fmt::format("the file ended here, though it had {} bytes when opened", size));
    at += static_cast<size_t>(n);
  }
  return file;
}

FileBytes read_data_file(const std::filesystem::path& path, size_t limit) {
  FileBytes file = read_file(path, limit);
  if (!is_gzip(file.bytes)) return file;
  Bytes out;
  for (size_t at = 0; at < file.size();) at = unzip_member(file, at, limit, out);
  file.bytes = std::move(out);
  file.unzipped = true;
  return file;
}

}  // namespace plugrad::files
