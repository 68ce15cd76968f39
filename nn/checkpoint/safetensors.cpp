// The safetensors format: the header's length (8 bytes, little-endian), a JSON header, the elements end to
// end.
#include "plugrad/nn/checkpoint/safetensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "plugrad/nn/checkpoint/replace_file.h"
#include "plugrad/nn/data/array_bytes.h"

namespace plugrad {
namespace {

using files::FileBytes;
using nlohmann::json;

static_assert(std::endian::native == std::endian::little,
              "plugrad: elements are stored as they are in memory");

constexpr size_t length_bytes = 8;
constexpr uint64_t longest_header = 100'000'000;  // as the format's own implementation has it
constexpr const char* metadata_key = "__metadata__";

struct DTypeName {
  DType dtype;
  std::string_view name;
};
constexpr DTypeName dtype_names[] = {
    {float32, "F32"}, {float64, "F64"}, {int32, "I32"}, {int64, "I64"}, {bool_, "BOOL"}};

std::string_view name_in_file(DType dtype) {
  for (const auto& known : dtype_names)
    if (known.dtype == dtype) return known.name;
  throw DTypeError(fmt::format("safetensors: {} cannot be saved; cast to float32 first", name(dtype)));
}

// What the header says of one array; the range counts from the end of the header.
struct Entry {
  std::string name;
  DType dtype;
  std::vector<int64_t> dims;
  uint64_t begin, end;
};

// ---- reading ----

// Rejects what the JSON parser would let pass: a key given twice, and depth that no header has.
class HeaderGuard {
 public:
  explicit HeaderGuard(const FileBytes& file) : file_(file) {}
  bool operator()(int depth, json::parse_event_t event, const json& value) {
    constexpr int deepest = 3;  // { name: { "shape": [ 1 ] } }
    if (depth > deepest) file_.fail(length_bytes, "the header is nested too deep");
    if (event == json::parse_event_t::object_start) keys_.emplace_back();
    if (event == json::parse_event_t::object_end) keys_.pop_back();
    if (event == json::parse_event_t::key && !keys_.back().insert(value.get<std::string>()).second)
      file_.fail(length_bytes, fmt::format("the header has the key {} twice", value.dump()));
    return true;
  }

 private:
  const FileBytes& file_;
  std::vector<std::set<std::string>> keys_;
};

size_t header_length(const FileBytes& file) {
  if (file.size() < length_bytes)
    file.fail(file.size(), fmt::format("truncated: {} bytes, the header's length alone has {}", file.size(),
                                       length_bytes));
  uint64_t length = 0;
  std::memcpy(&length, file.bytes.data(), length_bytes);
  if (length > longest_header)
    file.fail(0, fmt::format("a header of {} bytes; at most {} are allowed", length, longest_header));
  if (length > file.size() - length_bytes)
    file.fail(file.size(),
              fmt::format("truncated: {} bytes, the header ends at {}", file.size(), length_bytes + length));
  return length;
}

json parse_header(const FileBytes& file, size_t length) {
  const char* text = reinterpret_cast<const char*>(file.bytes.data()) + length_bytes;
  if (length == 0 || *text != '{') file.fail(length_bytes, "the header does not begin with {");
  try {
    return json::parse(text, text + length, HeaderGuard(file));
  } catch (const json::parse_error& e) {
    file.fail(length_bytes + std::min(length, e.byte == 0 ? 0 : e.byte - 1),
              fmt::format("no JSON: {}", e.what()));
  } catch (const json::exception& e) {
    file.fail(length_bytes, fmt::format("no JSON that can be used: {}", e.what()));
  }
}

// The entry's list under `key`, of integers of 0 to the largest int64_t; nothing where it is anything else.
std::optional<std::vector<int64_t>> integers_of(const json& entry, const char* key) {
  const auto list = entry.find(key);
  if (list == entry.end() || !list->is_array()) return std::nullopt;
  std::vector<int64_t> result;
  for (const json& item : *list) {
    if (!item.is_number_unsigned()) return std::nullopt;
    const auto value = item.get<uint64_t>();
    if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return std::nullopt;
    result.push_back(static_cast<int64_t>(value));
  }
  return result;
}

std::optional<DType> dtype_of_entry(const json& entry) {
  const auto text = entry.find("dtype");
  if (text == entry.end() || !text->is_string()) return std::nullopt;
  for (const auto& known : dtype_names)
    if (known.name == text->get_ref<const std::string&>()) return known.dtype;
  return std::nullopt;
}

Entry parse_entry(const FileBytes& file, const std::string& name, const json& entry) {
  const auto fail = [&](std::string_view fact) {
    file.fail(length_bytes, fmt::format("array '{}': {}", name, fact));
  };
  if (!entry.is_object()) fail("its description is no object");
  const auto dtype = dtype_of_entry(entry);
  if (!dtype)
    fail(fmt::format("dtype {} is none of F32, F64, I32, I64, BOOL", entry.value("dtype", json()).dump()));
  auto dims = integers_of(entry, "shape");
  if (!dims) fail("its shape is no list of lengths");
  if (dims->size() > size_t{max_ndim})
    fail(fmt::format("{} axes, at most {} are possible", dims->size(), max_ndim));
  const auto range = integers_of(entry, "data_offsets");
  if (!range || range->size() != 2 || (*range)[0] > (*range)[1]) fail("its data_offsets are no range");
  const auto begin = static_cast<uint64_t>((*range)[0]), end = static_cast<uint64_t>((*range)[1]);
  const auto bytes = files::byte_count(*dims, *dtype);
  if (!bytes || *bytes != end - begin)
    fail(fmt::format("data_offsets hold {} bytes, which is not what its shape and dtype need", end - begin));
  return {.name = name, .dtype = *dtype, .dims = *std::move(dims), .begin = begin, .end = end};
}

Metadata parse_metadata(const FileBytes& file, const json& metadata) {
  if (!metadata.is_object()) file.fail(length_bytes, fmt::format("{} is no object", metadata_key));
  Metadata result;
  for (const auto& [key, value] : metadata.items()) {
    if (!value.is_string()) file.fail(length_bytes, fmt::format("{}: '{}' is no text", metadata_key, key));
    result.emplace(key, value.get<std::string>());
  }
  return result;
}

// The ranges must cover the file from `data` on, each byte once.
void check_ranges(const FileBytes& file, std::vector<Entry>& entries, size_t data) {
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  const size_t available = file.size() - data;
  uint64_t covered = 0;
  for (const Entry& entry : entries) {
    if (entry.end > available)
      file.fail(file.size(), fmt::format("truncated: array '{}' ends at offset {}, beyond the file",
                                         entry.name, uint64_t{data} + entry.end));
    if (entry.begin < covered)
      file.fail(data + entry.begin, fmt::format("array '{}' overlaps the one before", entry.name));
    if (entry.begin > covered)
      file.fail(data + covered,
                fmt::format("a gap of {} bytes before array '{}'", entry.begin - covered, entry.name));
    covered = entry.end;
  }
  if (covered < available)
    file.fail(data + covered, fmt::format("{} bytes after the last array", available - covered));
}

// ---- writing ----

// Larger elements first, so that every array is aligned.
std::vector<Entry> lay_out(const NamedArrays& arrays) {
  std::vector<Entry> entries;
  for (const auto& [name, x] : arrays) {
    if (!x) throw Error(fmt::format("safetensors: array '{}' is empty (default-constructed)", name));
    if (name == metadata_key) throw Error(fmt::format("safetensors: no array can be named {}", metadata_key));
    const Shape shape = x.shape();
    entries.push_back(
        {.name = name, .dtype = x.dtype(), .dims = {shape.begin(), shape.end()}, .begin = 0, .end = 0});
  }
  std::stable_sort(entries.begin(), entries.end(),
                   [](const Entry& a, const Entry& b) { return size_of(a.dtype) > size_of(b.dtype); });
  uint64_t at = 0;
  for (Entry& entry : entries) {
    entry.begin = at;
    at += files::byte_count(entry.dims, entry.dtype).value_or(0);
    entry.end = at;
  }
  return entries;
}

// With its length before it, and spaces after it to let the elements begin at a multiple of 8.
std::string header_text(const std::filesystem::path& path, const std::vector<Entry>& entries,
                        const Metadata& metadata) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header[metadata_key] = metadata;
  for (const Entry& entry : entries)
    header[entry.name] = {{"dtype", name_in_file(entry.dtype)},
                          {"shape", entry.dims},
                          {"data_offsets", {entry.begin, entry.end}}};
  std::string text;
  try {
    text = header.dump();
  } catch (const json::exception& e) {
    throw DataError(
        fmt::format("{}: a name or a text of the metadata is not UTF-8: {}", path.string(), e.what()));
  }
  text.append((8 - text.size() % 8) % 8, ' ');
  if (text.size() > longest_header)
    throw DataError(fmt::format("{}: a header of {} bytes; at most {} are allowed", path.string(),
                                text.size(), longest_header));
  std::array<char, length_bytes> length{};
  const uint64_t count = text.size();
  std::memcpy(length.data(), &count, length_bytes);
  return std::string(length.data(), length_bytes) + text;
}

}  // namespace

void save_safetensors(const std::filesystem::path& path, const NamedArrays& arrays,
                      const Metadata& metadata) {
  const std::vector<Entry> entries = lay_out(arrays);
  const std::string header = header_text(path, entries, metadata);
  files::FileReplacement file(path);
  file.write(header);
  for (const Entry& entry : entries) file.write(files::to_bytes(arrays.at(entry.name)));
  file.commit();
}

Checkpoint load_safetensors(const std::filesystem::path& path) {
  const FileBytes file = files::read_file(path);
  const size_t length = header_length(file), data = length_bytes + length;
  Checkpoint result;
  const json header = parse_header(file, length);
  std::vector<Entry> entries;
  for (const auto& [name, value] : header.items()) {
    if (name == metadata_key) result.metadata = parse_metadata(file, value);
    else entries.push_back(parse_entry(file, name, value));
  }
  check_ranges(file, entries, data);
  for (const Entry& entry : entries)
    if (entry.dtype == bool_) files::check_bools(file, data + entry.begin, entry.end - entry.begin);
  for (const Entry& entry : entries) {
    const auto bytes = std::span(file.bytes).subspan(data + entry.begin, entry.end - entry.begin);
    result.arrays.emplace(entry.name, files::from_bytes(bytes, entry.dtype, Shape(entry.dims)));
  }
  return result;
}

}  // namespace plugrad
