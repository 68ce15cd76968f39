// Checkpoints in the safetensors format (github.com/huggingface/safetensors): named arrays, readable by
// others' tools.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "plugrad/core/array.h"

namespace plugrad {

using NamedArrays = std::map<std::string, Array>;
using Metadata = std::map<std::string, std::string>;

struct Checkpoint {
  NamedArrays arrays;
  Metadata metadata;
};

// Writes the arrays (float32, float64, int32, int64, bool) and texts. The file appears whole or not at all;
// one that is there already is replaced at the end, or stays as it was. DTypeError for other dtypes;
// DataError where the file cannot be written or a name is not UTF-8.
PLUGRAD_PUBLIC void save_safetensors(const std::filesystem::path& path, const NamedArrays& arrays,
                                     const Metadata& metadata = {});

// Reads what save_safetensors or another tool has written, to the default device. All is checked before
// anything is returned: DataError, naming file and offset, for a header that is truncated, too long or no
// JSON of this form, dtypes that we have not, ranges that do not fit their shapes, overlap, leave gaps or
// pass the end, and bytes after the end.
PLUGRAD_PUBLIC Checkpoint load_safetensors(const std::filesystem::path& path);

}  // namespace plugrad
