// Matching the arrays of a checkpoint with those of a structure.
#include "plugrad/nn/checkpoint/parameters.h"

#include <fmt/format.h>

#include "plugrad/core/error.h"

namespace plugrad::files {
namespace {

template <class Value>
void insert_unique(std::map<std::string, Value>& arrays, const std::string& path, Value value) {
  if (!arrays.emplace(array_name(path), value).second)
    throw Error(fmt::format("parameters: two arrays of the structure are named '{}'", array_name(path)));
}

void check(const std::filesystem::path& path, const std::string& name, const Array& target,
           const Array& loaded) {
  const auto kind = [](const Array& x) {
    return fmt::format("{} {}", plugrad::name(x.dtype()), to_string(x.shape()));
  };
  if (target && (target.dtype() != loaded.dtype() || target.shape() != loaded.shape()))
    throw DataError(fmt::format("{}: array '{}' is {}, but the structure has {}", path.string(), name,
                                kind(loaded), kind(target)));
}

}  // namespace

std::string array_name(const std::string& path) { return path.empty() ? "array" : path; }

void add_unique(NamedArrays& arrays, const std::string& path, const Array& x) {
  insert_unique(arrays, path, x);
}

void add_unique(std::map<std::string, Array*>& arrays, const std::string& path, Array& x) {
  insert_unique(arrays, path, &x);
}

void assign_all(const std::filesystem::path& path, const std::map<std::string, Array*>& targets,
                const NamedArrays& arrays) {
  for (const auto& [name, array] : arrays)
    if (!targets.contains(name))
      throw DataError(fmt::format("{}: has an array '{}', which the structure has not", path.string(), name));
  std::vector<Array> ready;
  for (const auto& [name, target] : targets) {
    const auto loaded = arrays.find(name);
    if (loaded == arrays.end()) throw DataError(fmt::format("{}: has no array '{}'", path.string(), name));
    check(path, name, *target, loaded->second);
    ready.push_back(*target ? loaded->second.to(target->device()) : loaded->second);
  }
  size_t i = 0;
  for (const auto& [name, target] : targets) *target = std::move(ready[i++]);
}

}  // namespace plugrad::files
