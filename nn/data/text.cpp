// Reading texts, numbering their characters, and cutting them into windows.
#include "plugrad/nn/data/text.h"

#include <fmt/format.h>

#include <algorithm>

#include "plugrad/nn/data/bytes.h"
#include "plugrad/nn/data/utf8.h"
#include "plugrad/ops/ops.h"

namespace plugrad {
namespace {

// Calls f(code point, offset) for each character.
template <class F>
void for_each_character(std::string_view text, const std::string& source, F f) {
  for (size_t at = 0; at < text.size();) {
    const files::CodePoint c = files::decode_utf8(text, at);
    if (c.bytes == 0) throw DataError(fmt::format("{}: offset {}: not UTF-8", source, at));
    f(c.value, at);
    at += c.bytes;
  }
}

std::string to_string(const files::FileBytes& file) { return {file.bytes.begin(), file.bytes.end()}; }

}  // namespace

Vocabulary::Vocabulary(std::string_view text, const std::string& source) {
  for_each_character(text, source, [this](char32_t c, size_t) {
    if (ids_.emplace(c, static_cast<int32_t>(characters_.size())).second) characters_ += c;
  });
}

std::string Vocabulary::characters() const {
  std::string text;
  for (const char32_t c : characters_) files::append_utf8(text, c);
  return text;
}

std::vector<int32_t> Vocabulary::encode(std::string_view text, const std::string& source) const {
  std::vector<int32_t> ids;
  ids.reserve(text.size());
  for_each_character(text, source, [&](char32_t c, size_t at) {
    const auto known = ids_.find(c);
    if (known == ids_.end())
      throw DataError(
          fmt::format("{}: offset {}: character U+{:04X} is not in the vocabulary of {} characters", source,
                      at, static_cast<uint32_t>(c), size()));
    ids.push_back(known->second);
  });
  return ids;
}

std::string Vocabulary::decode(const std::vector<int32_t>& ids) const {
  std::string text;
  for (const int32_t id : ids) {
    if (id < 0 || id >= size())
      throw DataError(fmt::format("vocabulary: id {} out of range for {} characters", id, size()));
    files::append_utf8(text, characters_[static_cast<size_t>(id)]);
  }
  return text;
}

Text load_text(const std::string& given, const std::string& name) {
  constexpr size_t substitute_characters = 214325;  // as many as the file of Hiawatha has
  Text result;
  std::string source = name;
  if (const auto found = files::find(given, "", {name})) {
    const files::FileBytes file = files::read_data_file(found->paths[0]);
    result.text = to_string(file);
    result.origin.sentence = fmt::format("{} from {}", found->paths[0].filename().string(), found->place);
    source = file.path;
  } else if (std::filesystem::is_directory(files::fortunes_folder)) {
    result.text = files::fortunes_text(files::fortunes_folder, substitute_characters);
    result.origin.sentence = fmt::format(
        "{} characters of {} (Debian's package fortunes) in place of {}, which is not "
        "in {}",
        substitute_characters, files::fortunes_folder, name, files::places_searched());
    result.origin.substitute = source = "fortunes";
  } else {
    throw DataError(fmt::format("{}: not in {}; put it there, or install Debian's package fortunes", name,
                                files::places_searched()));
  }
  result.vocabulary = Vocabulary(result.text, source);
  result.ids = result.vocabulary.encode(result.text, source);
  return result;
}

std::vector<Batch> text_windows(const std::vector<int32_t>& ids, int64_t rows, int64_t seqlength) {
  if (rows < 1 || seqlength < 1)
    throw Error(fmt::format("text_windows: {} rows, {} steps: both must be positive", rows, seqlength));
  const int64_t length = static_cast<int64_t>(ids.size()) / rows;
  const int64_t windows = (length - 1) / seqlength;
  if (windows < 1)
    throw Error(
        fmt::format("text_windows: {} characters in {} rows are {} to a row; a window of {} steps needs {}",
                    ids.size(), rows, length, seqlength, seqlength + 1));
  std::vector<int32_t> by_time(static_cast<size_t>(length * rows));
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t t = 0; t < length; ++t)
      by_time[static_cast<size_t>(t * rows + row)] = ids[static_cast<size_t>(row * length + t)];
  const Array steps = Array::from_data(by_time, {length, rows});
  std::vector<Batch> result;
  for (int64_t start = 0; start < windows * seqlength; start += seqlength)
    result.push_back(
        {slice(steps, 0, start, start + seqlength), slice(steps, 0, start + 1, start + seqlength + 1)});
  return result;
}

std::string files::fortunes_text(const std::filesystem::path& folder, size_t limit) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (const auto extension = entry.path().extension();
        entry.is_regular_file() && extension != ".dat" && extension != ".u8")
      paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::string text;
  size_t characters = 0;
  for (const auto& path : paths) {
    const std::string part = to_string(read_data_file(path));
    size_t end = 0;
    for (; end < part.size() && characters < limit; ++characters) {
      const CodePoint c = decode_utf8(part, end);
      if (c.bytes == 0) throw DataError(fmt::format("{}: offset {}: not UTF-8", path.string(), end));
      end += c.bytes;
    }
    text.append(part, 0, end);
    if (characters == limit) return text;
  }
  throw DataError(fmt::format("{}: {} characters in all, {} are needed", folder.string(), characters, limit));
}

}  // namespace plugrad
