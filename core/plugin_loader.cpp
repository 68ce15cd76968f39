// Loads plugins: finds the file, checks it, maps it, and takes in what it brings, or leaves everything as it
// was.
//
// Threads: loads wait for each other; ops of backends that are loaded run on meanwhile. What a plugin brings
// may be used by a thread as soon as it knows that the load has returned.
#define BOOST_DLL_USE_STD_FS

#include <dlfcn.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <boost/dll/shared_library.hpp>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <set>

#include "plugrad/core/op_set.h"
#include "plugrad/core/plugin_file.h"
#include "plugrad/core/plugin_staging.h"

namespace plugrad {

namespace {

namespace fs = std::filesystem;
using detail::Manifest;
using detail::refuse_plugin;

constexpr const char* path_variable = "PLUGRAD_PLUGIN_PATH";
constexpr const char* init_symbol = "plugrad_init";
constexpr std::string_view file_prefix = "libplugrad_", file_suffix = ".so";

std::mutex& load_mutex() {
  static std::mutex& m = *new std::mutex;
  return m;
}

// ---- where plugins are ----

// `plugrad/plugins` beside the library that holds this code; empty where it cannot be told.
fs::path find_own_folder() {
  static const char here = 0;
  Dl_info info{};
  std::error_code error;
  if (!dladdr(&here, &info) || !info.dli_fname) return {};
  const fs::path library = fs::canonical(info.dli_fname, error);
  return error ? fs::path{} : library.parent_path() / "plugrad" / "plugins";
}
// Found at once: a library's name may be relative to the folder that the process started in.
const fs::path own_folder = find_own_folder();

std::vector<fs::path> plugin_folders() {
  std::vector<fs::path> folders;
  const char* text = std::getenv(path_variable);
  for (std::string_view rest = text ? text : ""; !rest.empty();) {
    const size_t colon = rest.find(':');
    const fs::path folder = rest.substr(0, colon);
    rest = colon == std::string_view::npos ? std::string_view{} : rest.substr(colon + 1);
    if (folder.empty()) continue;
    if (!folder.is_absolute())
      refuse_plugin(path_variable, fmt::format("'{}' is a relative path", folder.string()),
                    "name absolute folders, separated by colons");
    folders.push_back(folder);
  }
  if (!own_folder.empty()) folders.push_back(own_folder);
  return folders;
}

std::string file_name(std::string_view backend) {
  return fmt::format("{}{}{}", file_prefix, backend, file_suffix);
}

// Something is there; whether it is any good is for the checks to say.
bool is_present(const fs::path& file) {
  std::error_code error;
  return fs::symlink_status(file, error).type() != fs::file_type::not_found;
}

fs::path find_plugin(std::string_view name) {
  if (!detail::is_backend_name(name))
    refuse_plugin("load_backend", fmt::format("'{}' cannot be a backend's name", name),
                  "names are a lower-case letter, then lower-case letters, digits and underscores");
  const std::vector<fs::path> folders = plugin_folders();
  for (const fs::path& folder : folders)
    if (fs::path file = folder / file_name(name); is_present(file)) return file;
  std::vector<std::string> searched;
  for (const fs::path& folder : folders) searched.push_back(folder.string());
  const std::vector<std::string> available = available_backends();
  refuse_plugin(file_name(name), fmt::format("backend {} is not in {}", name, fmt::join(searched, ", ")),
                available.empty() ? fmt::format("set {} to the folder of the plugins", path_variable)
                                  : fmt::format("choose one of {}, or add the folder of the plugin to {}",
                                                fmt::join(available, ", "), path_variable));
}

// ---- loading ----

void check_name_free(const std::string& name, std::string_view where) {
  for (const BackendInfo& b : loaded_backends())
    if (b.name == name)
      refuse_plugin(where, fmt::format("its name {} is taken by the backend from {}", name, b.origin),
                    "load only one of them, or give this one another name");
}

// Once code of a plugin has run, its file stays mapped, also if it then fails: it may have left threads or
// handlers.
boost::dll::shared_library& keep(boost::dll::shared_library&& library) {
  static auto& kept = *new std::deque<boost::dll::shared_library>;
  return kept.emplace_back(std::move(library));
}

plugrad_init_function open_plugin(const fs::path& file) {
  namespace mode = boost::dll::load_mode;
  boost::dll::shared_library library;
  std::error_code error;
  library.load(file, mode::rtld_now | mode::rtld_local, error);
  if (error) {
    const char* why = dlerror();
    refuse_plugin(file.string(), fmt::format("cannot be loaded: {}", why ? why : error.message()),
                  "install the libraries that it needs, or rebuild it");
  }
  if (!library.has(init_symbol))
    refuse_plugin(file.string(), fmt::format("exports no {}", init_symbol),
                  "build it with PLUGRAD_BACKEND of plugin.hpp");
  return &keep(std::move(library)).get<int32_t(const plugrad_host*)>(init_symbol);
}

void take_in(plugrad_init_function init, const Manifest& manifest, const std::string& origin,
             std::string_view where) {
  num_threads();  // decided before any kernel runs; throws where PLUGRAD_NUM_THREADS makes no sense
  const detail::Staged staged = detail::run_init(init, where);
  detail::check_complete(staged, manifest, where);
  detail::commit(staged, manifest, origin, where);
}

bool is_loaded_from(const detail::PluginFile& file) {
  for (const BackendInfo& b : loaded_backends())
    if (b.name == file.manifest.name && b.origin == file.path.string()) return true;
  return false;
}

// `wanted`: the name under which it was looked for; empty: any. The caller holds the lock.
void load_file(const fs::path& path, std::string_view wanted) {
  const detail::PluginFile file = detail::inspect_plugin(path);
  const std::string where = file.path.string();
  const Manifest& manifest = file.manifest;
  if (!wanted.empty() && manifest.name != wanted)
    refuse_plugin(where,
                  fmt::format("was found as backend {}, but its manifest says {}", wanted, manifest.name),
                  fmt::format("name the file {}, or load it by its path", file_name(manifest.name)));
  if (is_loaded_from(file)) return;
  check_name_free(manifest.name, where);
  take_in(open_plugin(file.path), manifest, where, where);
}

}  // namespace

void load_backend(std::string_view name) {
  if (is_loaded(name)) return;
  std::lock_guard lock(load_mutex());
  if (is_loaded(name)) return;  // another thread was first
  load_file(find_plugin(name), name);
}

void load_plugin(const fs::path& file) {
  std::lock_guard lock(load_mutex());
  load_file(file, {});
}

void link_backend(const plugrad_plugin& plugin) {
  std::string where = "link_backend";
  if (plugin.size < sizeof(plugrad_plugin) || !plugin.manifest || !plugin.init)
    refuse_plugin(where, "the plugin is incomplete", "build it against the headers of this plugrad");
  const Manifest manifest = detail::parse_manifest(plugin.manifest, where);
  where = fmt::format("link_backend: {}", manifest.name);
  std::lock_guard lock(load_mutex());
  check_name_free(manifest.name, where);
  take_in(plugin.init, manifest, "linked", where);
}

std::vector<std::string> available_backends() {
  std::set<std::string> names;
  for (const fs::path& folder : plugin_folders()) {
    std::error_code error;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
      const std::string file = it->path().filename().string();
      if (!file.starts_with(file_prefix) || !file.ends_with(file_suffix)) continue;
      if (file.size() <= file_prefix.size() + file_suffix.size()) continue;
      std::string name =
          file.substr(file_prefix.size(), file.size() - file_prefix.size() - file_suffix.size());
      std::error_code ignored;
      if (detail::is_backend_name(name) && it->is_regular_file(ignored)) names.insert(std::move(name));
    }
  }
  return {names.begin(), names.end()};
}

}  // namespace plugrad
