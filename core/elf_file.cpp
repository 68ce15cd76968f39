#include "plugrad/core/elf_file.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <gelf.h>
#include <link.h>

#include <cstring>

#include "plugrad/core/plugin_file.h"

namespace plugrad::detail {

namespace {

// The header of the file that this code was loaded from: what a plugin has to match.
const ElfW(Ehdr) & own_header() {
  static const auto* header = [] {
    static const char here = 0;
    Dl_info info{};
    dladdr(&here, &info);
    return static_cast<const ElfW(Ehdr)*>(info.dli_fbase);
  }();
  return *header;
}

std::string machine_name(unsigned machine) {
  switch (machine) {
    case EM_386:
      return "i386";
    case EM_X86_64:
      return "x86-64";
    case EM_ARM:
      return "arm";
    case EM_AARCH64:
      return "aarch64";
    case EM_PPC64:
      return "ppc64";
    case EM_RISCV:
      return "riscv";
    default:
      return fmt::format("machine {}", machine);
  }
}

}  // namespace

ElfFile::ElfFile(int fd, uint64_t size, std::string name) : name_(std::move(name)), size_(size) {
  elf_version(EV_CURRENT);
  elf_.reset(elf_begin(fd, ELF_C_READ, nullptr));
  if (!elf_ || elf_kind(elf_.get()) != ELF_K_ELF)
    refuse("is no ELF file, or only the beginning of one",
           "name the shared library that the plugin's build made");
}

void ElfFile::refuse(const std::string& cause, const char* remedy) const {
  refuse_plugin(name_, cause, remedy);
}

void ElfFile::damaged(const char* what) const {
  refuse(fmt::format("is truncated or damaged: {} beyond its end at byte {}", what, size_),
         "build or copy it again");
}

void ElfFile::check_range(uint64_t offset, uint64_t bytes, const char* what) const {
  if (offset > size_ || bytes > size_ - offset) damaged(what);
}

void ElfFile::check_loadable() const {
  constexpr const char* rebuild = "build the plugin for this machine";
  const ElfW(Ehdr)& own = own_header();
  const char* ident = elf_getident(elf_.get(), nullptr);
  GElf_Ehdr header;
  if (!ident || !gelf_getehdr(elf_.get(), &header)) damaged("its header lies");
  if (header.e_ident[EI_CLASS] != own.e_ident[EI_CLASS])
    refuse(fmt::format("is a {}-bit library, this process has {} bits",
                       header.e_ident[EI_CLASS] == ELFCLASS64 ? 64 : 32,
                       own.e_ident[EI_CLASS] == ELFCLASS64 ? 64 : 32),
           rebuild);
  if (header.e_ident[EI_DATA] != own.e_ident[EI_DATA])
    refuse("has another byte order than this process", rebuild);
  if (header.e_machine != own.e_machine)
    refuse(fmt::format("is built for {}, this process runs on {}", machine_name(header.e_machine),
                       machine_name(own.e_machine)),
           rebuild);
  if (header.e_type != ET_DYN) refuse("is not a shared library", "link the plugin with -shared");
}

void ElfFile::check_whole() const {
  GElf_Ehdr header;
  size_t segments = 0, sections = 0;
  if (!gelf_getehdr(elf_.get(), &header)) damaged("its header lies");
  // libelf drops tables that it cannot reach: compare with what the header says before trusting its counts.
  check_range(header.e_phoff, uint64_t{header.e_phnum} * header.e_phentsize, "its table of segments lies");
  check_range(header.e_shoff, uint64_t{header.e_shnum} * header.e_shentsize, "its table of sections lies");
  if (elf_getphdrnum(elf_.get(), &segments) != 0 || segments == 0) damaged("its table of segments lies");
  if (elf_getshdrnum(elf_.get(), &sections) != 0) damaged("its table of sections lies");
  for (size_t i = 0; i < segments; ++i) {
    GElf_Phdr segment;
    if (!gelf_getphdr(elf_.get(), static_cast<int>(i), &segment)) damaged("its table of segments lies");
    check_range(segment.p_offset, segment.p_filesz, "a segment lies");
  }
  for (size_t i = 1; i < sections; ++i) {
    GElf_Shdr section;
    Elf_Scn* scn = elf_getscn(elf_.get(), i);
    if (!scn || !gelf_getshdr(scn, &section)) damaged("its table of sections lies");
    if (section.sh_type != SHT_NOBITS && section.sh_type != SHT_NULL)
      check_range(section.sh_offset, section.sh_size, "a section lies");
  }
}

std::optional<std::string> ElfFile::read_section(const char* wanted, size_t limit) const {
  size_t names = 0;
  if (elf_getshdrstrndx(elf_.get(), &names) != 0) return std::nullopt;
  for (Elf_Scn* scn = nullptr; (scn = elf_nextscn(elf_.get(), scn));) {
    GElf_Shdr section;
    if (!gelf_getshdr(scn, &section)) damaged("its table of sections lies");
    const char* name = elf_strptr(elf_.get(), names, section.sh_name);
    if (!name || std::strcmp(name, wanted) != 0) continue;
    if (section.sh_type == SHT_NOBITS || section.sh_size > limit)
      refuse(
          fmt::format("its section {} holds {} bytes, at most {} are read", wanted, section.sh_size, limit),
          "rebuild it");
    const Elf_Data* data = elf_rawdata(scn, nullptr);
    if (!data || (data->d_size && !data->d_buf)) damaged("its manifest lies");
    return std::string(static_cast<const char*>(data->d_buf), data->d_size);
  }
  return std::nullopt;
}

}  // namespace plugrad::detail
