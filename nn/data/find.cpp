// The search for data files: what the user said, then the environment, then the cache.
#include "plugrad/nn/data/find.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdlib>
#include <system_error>

#include "plugrad/core/error.h"

namespace plugrad::files {
namespace {

namespace fs = std::filesystem;

fs::path environment(const char* variable) {
  const char* value = std::getenv(variable);
  return value ? value : "";
}

// Empty where there is neither variable. A relative XDG_CACHE_HOME is to be ignored, says the XDG
// specification.
fs::path cache_folder() {
  if (const fs::path xdg = environment("XDG_CACHE_HOME"); xdg.is_absolute()) return xdg / "plugrad";
  const fs::path home = environment("HOME");
  return home.is_absolute() ? home / ".cache" / "plugrad" : fs::path();
}

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

std::optional<fs::path> plain_or_zipped(const fs::path& path) {
  if (is_there(path)) return path;
  if (fs::path zipped = path.string() + ".gz"; is_there(zipped)) return zipped;
  return std::nullopt;
}

std::optional<FoundFiles> find_directly_in(const fs::path& folder, const std::vector<std::string>& names) {
  FoundFiles found{.paths = {}, .place = folder.string()};
  for (const std::string& name : names) {
    if (auto path = plain_or_zipped(folder / name)) found.paths.push_back(*std::move(path));
    else if (found.paths.empty()) return std::nullopt;
    else
      throw DataError(
          fmt::format("{}: not there, but {} is", (folder / name).string(), found.paths[0].string()));
  }
  return found;
}

FoundFiles find_given(const fs::path& given, const std::string& subfolder,
                      const std::vector<std::string>& names) {
  if (!is_there(given)) throw DataError(fmt::format("{}: no such file or folder", given.string()));
  if (!is_folder(given)) {
    if (names.size() == 1) return {.paths = {given}, .place = fmt::format("{} (as given)", given.string())};
    throw DataError(fmt::format("{}: a file, but a folder is needed that has {}", given.string(),
                                fmt::join(names, ", ")));
  }
  auto found = find_in(given, subfolder, names);
  if (!found)
    throw DataError(fmt::format("{}: this folder has no {}, zipped or not", given.string(), names[0]));
  found->place += " (as given)";
  return *std::move(found);
}

}  // namespace

std::optional<FoundFiles> find_in(const fs::path& folder, const std::string& subfolder,
                                  const std::vector<std::string>& names) {
  if (!subfolder.empty())
    if (auto found = find_directly_in(folder / subfolder, names)) return found;
  return find_directly_in(folder, names);
}

std::optional<FoundFiles> find(const std::string& given, const std::string& subfolder,
                               const std::vector<std::string>& names) {
  if (!given.empty()) return find_given(given, subfolder, names);
  const std::pair<fs::path, const char*> places[] = {{environment("PLUGRAD_DATA"), "PLUGRAD_DATA"},
                                                     {cache_folder(), "the cache"}};
  for (const auto& [folder, label] : places) {
    if (folder.empty()) continue;
    if (auto found = find_in(folder, subfolder, names)) {
      found->place += fmt::format(" ({})", label);
      return found;
    }
  }
  return std::nullopt;
}

std::string places_searched() {
  const fs::path variable = environment("PLUGRAD_DATA"), cache = cache_folder();
  return fmt::format("PLUGRAD_DATA ({}) or {}", variable.empty() ? "not set" : variable.string(),
                     cache.empty() ? "~/.cache/plugrad" : cache.string());
}

}  // namespace plugrad::files
