// Write beside, flush to the disk, rename, flush the folder.
#include "plugrad/nn/checkpoint/replace_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <system_error>

#include "plugrad/core/error.h"

namespace plugrad::files {

FileReplacement::FileReplacement(const std::filesystem::path& path) : path_(path.string()) {
  std::error_code error;
  target_ = std::filesystem::weakly_canonical(std::filesystem::absolute(path, error), error).string();
  if (error || target_.empty()) throw DataError(fmt::format("{}: cannot write: {}", path_, error.message()));
  struct stat existing {};
  const bool replaces = ::stat(target_.c_str(), &existing) == 0;
  if (replaces && !S_ISREG(existing.st_mode))
    throw DataError(fmt::format("{}: cannot write: there is something that is no regular file", path_));
  open_beside();
  if (replaces && ::fchmod(fd_, existing.st_mode & 07777) != 0) {
    const int reason = errno;
    close();
    errno = reason;
    fail("set the permissions of the new file");
  }
}

// A name that this process has not used yet, and that no other has left behind.
void FileReplacement::open_beside() {
  static std::atomic<unsigned> counter{0};
  do {
    beside_ = fmt::format("{}.{}-{}.tmp", target_, ::getpid(), counter++);
    fd_ = ::open(beside_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  } while (fd_ < 0 && errno == EEXIST);
  if (fd_ < 0) fail("create a file beside it");
}

FileReplacement::~FileReplacement() { close(); }

void FileReplacement::close() noexcept {
  if (fd_ < 0) return;
  ::close(fd_);
  ::unlink(beside_.c_str());
  fd_ = -1;
}

void FileReplacement::fail(const char* what) const {
  throw DataError(fmt::format("{}: cannot {}: {}", path_, what, std::generic_category().message(errno)));
}

void FileReplacement::write(std::string_view text) {
  write(std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
}

void FileReplacement::write(std::span<const uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd_, bytes.data(), bytes.size());
    if (n >= 0) bytes = bytes.subspan(static_cast<size_t>(n));
    else if (errno != EINTR) fail("write");
  }
}

void FileReplacement::commit() {
  if (::fsync(fd_) != 0) fail("write to the disk");
  if (::rename(beside_.c_str(), target_.c_str()) != 0) fail("replace");
  ::close(fd_);
  fd_ = -1;
  // The file is in place; a folder that cannot be flushed only makes the rename less durable.
  const std::string folder = std::filesystem::path(target_).parent_path().string();
  if (const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); fd >= 0) {
    ::fsync(fd);
    ::close(fd);
  }
}

}  // namespace plugrad::files
