#include "plugrad/core/plugin_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <system_error>

#include "plugrad/core/abi.h"
#include "plugrad/core/elf_file.h"
#include "plugrad/core/error.h"

namespace plugrad::detail {

namespace {

namespace fs = std::filesystem;

constexpr size_t manifest_limit = size_t{1} << 16;

// ---- the path ----

fs::path resolve(const fs::path& path) {
  if (!path.is_absolute())
    refuse_plugin(path.string(), "the path of a plugin is relative",
                  "give the absolute path: what it names must not hang on the current folder");
  std::error_code error;
  fs::path resolved = fs::canonical(path, error);
  if (error == std::errc::too_many_symbolic_link_levels)
    refuse_plugin(path.string(), "its symbolic links lead nowhere: there are too many, or they form a loop",
                  "name the file itself");
  if (error)
    refuse_plugin(path.string(), fmt::format("cannot be reached: {}", error.message()),
                  "check that the file is there and may be read");
  return resolved;
}

struct stat status_of(const fs::path& path) {
  struct stat s {};
  if (stat(path.c_str(), &s) != 0)
    refuse_plugin(path.string(), fmt::format("cannot be examined: {}", std::strerror(errno)),
                  "check the permissions of its folders");
  return s;
}

bool ours_or_roots(const struct stat& s) { return s.st_uid == 0 || s.st_uid == geteuid(); }

// Could any user of the machine change what `path` names?
void check_writers(const fs::path& path) {
  struct stat child = status_of(path);
  if (child.st_mode & S_IWOTH)
    refuse_plugin(path.string(), "is writable for every user of this machine",
                  "remove that right: chmod o-w on the file");
  for (fs::path entry = path; entry.has_relative_path(); entry = entry.parent_path()) {
    const fs::path folder = entry.parent_path();
    const struct stat s = status_of(folder);
    if (s.st_mode & S_IWOTH) {
      if (!(s.st_mode & S_ISVTX))
        refuse_plugin(
            path.string(),
            fmt::format("its folder {} is writable for every user of this machine", folder.string()),
            "remove that right (chmod o-w) or move the plugin");
      if (!ours_or_roots(child))
        refuse_plugin(path.string(),
                      fmt::format("{}, in a folder open to all users, belongs to user {}", entry.string(),
                                  child.st_uid),
                      "move the plugin, or make it your own with chown");
    }
    child = s;
  }
}

// ---- the file ----

class OpenFile {
 public:
  // Does not wait for a pipe's other end.
  explicit OpenFile(const fs::path& path) : fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
    if (fd_ < 0)
      refuse_plugin(path.string(), fmt::format("cannot be opened: {}", std::strerror(errno)),
                    "check that the file may be read");
  }
  ~OpenFile() { close(fd_); }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

uint64_t size_of_regular_file(const OpenFile& file, const fs::path& path) {
  struct stat s {};
  if (fstat(file.fd(), &s) != 0 || !S_ISREG(s.st_mode))
    refuse_plugin(path.string(), "is not a regular file",
                  "name the shared library that the plugin's build made");
  return static_cast<uint64_t>(s.st_size);
}

// ---- the manifest ----

using Json = nlohmann::json;

constexpr const char* rebuild = "rebuild the plugin with the macros of plugin.hpp";

const Json& field(const Json& manifest, const char* name, std::string_view where) {
  const auto it = manifest.find(name);
  if (it == manifest.end()) refuse_plugin(where, fmt::format("its manifest has no \"{}\"", name), rebuild);
  return *it;
}

std::string text_field(const Json& manifest, const char* name, std::string_view where) {
  const Json& value = field(manifest, name, where);
  if (!value.is_string())
    refuse_plugin(where, fmt::format("\"{}\" in its manifest is not text but {}", name, value.type_name()),
                  rebuild);
  return value.get<std::string>();
}

int number_field(const Json& manifest, const char* name, std::string_view where) {
  const Json& value = field(manifest, name, where);
  constexpr uint64_t largest = std::numeric_limits<int>::max();
  if (!value.is_number_unsigned() || value.get<uint64_t>() > largest)
    refuse_plugin(where,
                  fmt::format("\"{}\" in its manifest is not a whole number from 0 to {}", name, largest),
                  rebuild);
  return value.get<int>();
}

// Within a major version a plugin may be older than its host. Major 0 promises nothing: the minor must be the
// same.
void check_abi(const Manifest& m, std::string_view where) {
  constexpr int major = PLUGRAD_ABI_MAJOR, minor = PLUGRAD_ABI_MINOR;
  if (m.abi_major == major && (m.abi_minor == minor || (major > 0 && m.abi_minor < minor))) return;
  const bool newer = m.abi_major > major || (m.abi_major == major && m.abi_minor > minor);
  refuse_plugin(where,
                fmt::format("plugin {} is built for ABI {}.{}, this plugrad has ABI {}.{}", m.name,
                            m.abi_major, m.abi_minor, major, minor),
                newer ? "update plugrad, or rebuild the plugin against the headers of this one"
                      : "rebuild the plugin against the headers of this plugrad");
}

}  // namespace

void refuse_plugin(std::string_view where, std::string_view cause, std::string_view remedy) {
  throw PluginError(fmt::format("{}: {}; {}", where, cause, remedy));
}

Manifest parse_manifest(std::string_view text, std::string_view where) {
  text = text.substr(0, text.find('\0'));
  Json json;
  try {
    json = Json::parse(text);
  } catch (const Json::exception& e) {
    refuse_plugin(where, fmt::format("its manifest is not JSON: {}", e.what()), rebuild);
  }
  if (!json.is_object()) refuse_plugin(where, "its manifest is not a JSON object", rebuild);
  Manifest m;
  m.kind = text_field(json, "plugrad", where);
  m.name = text_field(json, "name", where);
  m.version = text_field(json, "version", where);
  m.abi_major = number_field(json, "abi_major", where);
  m.abi_minor = number_field(json, "abi_minor", where);
  check_abi(m, where);  // first: another version may mean something else by the rest
  if (m.kind != "backend")
    refuse_plugin(where,
                  fmt::format("is a plugin of the kind '{}', which this plugrad does not know", m.kind),
                  "update plugrad, or load a plugin of the kind 'backend'");
  m.op_set = text_field(json, "op_set", where);
  if (!is_backend_name(m.name))
    refuse_plugin(where, fmt::format("'{}' in its manifest cannot be a backend's name", m.name),
                  "use a lower-case letter, then lower-case letters, digits and underscores");
  return m;
}

PluginFile inspect_plugin(const fs::path& path) {
  fs::path resolved = resolve(path);
  const OpenFile file(resolved);
  const uint64_t size = size_of_regular_file(file, resolved);
  check_writers(resolved);
  const ElfFile elf(file.fd(), size, resolved.string());
  elf.check_loadable();
  elf.check_whole();
  const auto manifest = elf.read_section(PLUGRAD_MANIFEST_SECTION, manifest_limit);
  if (!manifest)
    refuse_plugin(resolved.string(),
                  "is no plugin of plugrad: it has no manifest (section " PLUGRAD_MANIFEST_SECTION ")",
                  "if it should be one, build it with PLUGRAD_BACKEND of plugin.hpp, and do not strip its "
                  "section headers");
  return {resolved, parse_manifest(*manifest, resolved.string())};
}

}  // namespace plugrad::detail
