// What can be learnt of a plugin's file, and must be checked, before the loader maps it: a damaged library
// kills the process from inside dlopen, a library that others may overwrite is theirs to run.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace plugrad::detail {

// What a plugin says about itself, in text, in a section of its file.
struct Manifest {
  std::string kind;  // "backend"
  std::string name, version;
  int abi_major = 0, abi_minor = 0;
  std::string op_set;  // the ops that the backend claims to fill: "core-1", or empty
};

struct PluginFile {
  std::filesystem::path path;  // absolute, without symbolic links
  Manifest manifest;
};

// Checks everything that can be checked without loading: an absolute path to a regular file that only its
// owner and group can change or replace, a whole shared object for this machine, a manifest of the right
// form. Throws PluginError: the file, the cause, the remedy.
//
// World-writable folders on the way to the file are refused, but for those with the sticky bit, as /tmp has
// it, where what lies in them belongs to root or the user of this process: nobody else can replace it there.
PluginFile inspect_plugin(const std::filesystem::path& path);

// Reads a manifest; `where` starts the message of the PluginError that anything wrong in it raises, and an
// ABI version that this host cannot serve.
Manifest parse_manifest(std::string_view text, std::string_view where);

// Throws PluginError: "<where>: <cause>; <remedy>".
[[noreturn]] void refuse_plugin(std::string_view where, std::string_view cause, std::string_view remedy);

// A lower-case letter, then lower-case letters, digits and underscores.
bool is_backend_name(std::string_view s);

}  // namespace plugrad::detail
