// Text for models of characters: its characters as numbers, cut into windows of a fixed length.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "plugrad/nn/data/find.h"
#include "plugrad/nn/data/minibatch.h"

namespace plugrad {

// The distinct characters (Unicode code points) of a text, numbered in order of first appearance.
class PLUGRAD_PUBLIC Vocabulary {
 public:
  Vocabulary() = default;
  // Of UTF-8; DataError naming `source` and the offset where it is not. From the characters of another
  // vocabulary
  // (`characters()`, as a checkpoint keeps them) it is that same vocabulary.
  explicit Vocabulary(std::string_view text, const std::string& source = "text");

  int64_t size() const { return static_cast<int64_t>(characters_.size()); }
  // All characters in their order, as UTF-8.
  std::string characters() const;
  // One id per character. DataError naming `source` and the offset for a character that is not in the
  // vocabulary.
  std::vector<int32_t> encode(std::string_view text, const std::string& source = "text") const;
  // The inverse. DataError for an id out of range.
  std::string decode(const std::vector<int32_t>& ids) const;

 private:
  std::u32string characters_;
  std::unordered_map<char32_t, int32_t> ids_;
};

struct Text {
  std::string text;  // UTF-8
  Vocabulary vocabulary;
  std::vector<int32_t> ids;
  DataOrigin origin;
};

// Reads the text `name` from `given` (the file, or a folder that has it) or where files::find looks; with
// none there, the first 214,325 characters of Debian's package fortunes take its place. DataError where
// neither is to be had.
PLUGRAD_PUBLIC Text load_text(const std::string& given = {}, const std::string& name = "hiawatha-19.txt");

// Lays the text out in `rows` rows, each a contiguous stretch of floor(ids.size() / rows) characters, and
// cuts the rows into windows of `seqlength` steps, in order, so that a state can be carried from one to the
// next. A window is a pair of views [seqlength, rows] int32: x[t] holds the characters of step t, y[t] those
// that follow them. What is left after the last whole window is dropped. Error where there is no whole
// window, or an argument is not positive.
PLUGRAD_PUBLIC std::vector<Batch> text_windows(const std::vector<int32_t>& ids, int64_t rows,
                                               int64_t seqlength);

namespace files {

// The first `limit` characters of the files of `folder` in order of their names, one after another, but for
// indexes
// (*.dat) and aliases (*.u8). DataError where there are fewer.
PLUGRAD_PUBLIC std::string fortunes_text(const std::filesystem::path& folder, size_t limit);

}  // namespace files
}  // namespace plugrad
