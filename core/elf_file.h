// Shared objects as files: are they whole, are they for this machine, what lies in their sections.
#pragma once

#include <libelf.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace plugrad::detail {

// Reads by libelf from an open file, which must outlive it. Nothing of the file is mapped or run. The
// functions throw PluginError, starting with `name`, where the file is not what they need.
class ElfFile {
 public:
  // `size`: of the file, in bytes.
  ElfFile(int fd, uint64_t size, std::string name);

  // An ELF shared object with this process's class, byte order and machine.
  void check_loadable() const;
  // All headers, segments and sections lie within the file.
  void check_whole() const;
  // The content of the section called `section`; none if there is no such section. At most `limit` bytes.
  std::optional<std::string> read_section(const char* section, size_t limit) const;

 private:
  struct End {
    void operator()(Elf* elf) const { elf_end(elf); }
  };
  [[noreturn]] void damaged(const char* what) const;
  [[noreturn]] void refuse(const std::string& cause, const char* remedy) const;
  void check_range(uint64_t offset, uint64_t bytes, const char* what) const;

  std::string name_;
  uint64_t size_;
  std::unique_ptr<Elf, End> elf_;
};

}  // namespace plugrad::detail
