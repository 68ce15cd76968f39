// Saving and loading a model's parameters, whatever structure they are kept in.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "plugrad/core/structure.h"
#include "plugrad/nn/checkpoint/safetensors.h"

namespace plugrad {

namespace files {

// What an array is called in a file: its path in the structure, or "array" where the structure is the array.
PLUGRAD_PUBLIC std::string array_name(const std::string& path);
// Adds to a list; Error where the name is taken ("a.b" in a map and "b" in "a").
PLUGRAD_PUBLIC void add_unique(NamedArrays& arrays, const std::string& path, const Array& x);
PLUGRAD_PUBLIC void add_unique(std::map<std::string, Array*>& arrays, const std::string& path, Array& x);
// Replaces each target by the array of its name, once all fit.
PLUGRAD_PUBLIC void assign_all(const std::filesystem::path& path,
                               const std::map<std::string, Array*>& targets, const NamedArrays& arrays);

}  // namespace files

// Saves every Array of `structure` (see core/structure.h) to a safetensors file under its path in it: "0",
// "1.w", "lstm.weight". Errors as save_safetensors.
template <class S>
void save_parameters(const std::filesystem::path& path, const S& structure, const Metadata& metadata = {}) {
  NamedArrays arrays;
  visit_named(structure,
              [&](const std::string& place, const Array& x) { files::add_unique(arrays, place, x); });
  save_safetensors(path, arrays, metadata);
}

// Loads them into a structure of the same form, and returns the metadata. Names, shapes and dtypes must be
// the same, and nothing in the file may be left over, else DataError and `structure` is as it was; an empty
// Array takes any. Each array goes to the device that the one before was on.
template <class S>
Metadata load_parameters(const std::filesystem::path& path, S& structure) {
  std::map<std::string, Array*> targets;
  visit_named(structure, [&](const std::string& place, Array& x) { files::add_unique(targets, place, x); });
  Checkpoint checkpoint = load_safetensors(path);
  files::assign_all(path, targets, checkpoint.arrays);
  return std::move(checkpoint.metadata);
}

}  // namespace plugrad
