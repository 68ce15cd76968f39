// Reading, standardising and, where it is missing, inventing the housing table. All in double, rounded once
// at the end.
#include "plugrad/nn/data/housing.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <numbers>
#include <random>

#include "plugrad/core/error.h"

namespace plugrad {
namespace files {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

// Reads a table of numbers from a file, keeping count of lines for the messages.
class TableParser {
 public:
  explicit TableParser(const FileBytes& file)
      : file_(file),
        begin_(reinterpret_cast<const char*>(file.bytes.data())),
        at_(begin_),
        end_(begin_ + file.bytes.size()) {}

  std::vector<double> parse() {
    for (; at_ != end_; ++line_) read_row();
    const size_t rows = table_.size() / housing_columns;
    if (rows < 2) file_.fail(file_.size(), fmt::format("{} rows, at least 2 are needed", rows));
    return std::move(table_);
  }

 private:
  // Blank lines count for nothing.
  void read_row() {
    size_t n = 0;
    for (skip_blanks(); at_ != end_ && *at_ != '\n'; skip_blanks()) {
      if (n == housing_columns) fail(fmt::format("more than {} numbers", housing_columns));
      table_.push_back(read_number());
      ++n;
    }
    if (n != 0 && n != housing_columns)
      fail(fmt::format("{} numbers, there should be {}", n, housing_columns));
    if (at_ != end_) ++at_;
  }

  double read_number() {
    double value = 0;
    const auto [stop, error] = std::from_chars(at_, end_, value);
    const bool ends = stop == end_ || is_blank(*stop) || *stop == '\n';
    const bool fits = std::abs(value) <= std::numeric_limits<float>::max();
    if (error != std::errc() || !ends || !fits) fail("not a number that float32 can hold");
    at_ = stop;
    return value;
  }

  void skip_blanks() {
    while (at_ != end_ && is_blank(*at_)) ++at_;
  }

  [[noreturn]] void fail(std::string_view fact) const {
    file_.fail(static_cast<size_t>(at_ - begin_), fmt::format("line {}: {}", line_, fact));
  }

  const FileBytes& file_;
  const char *begin_, *at_, *end_;
  size_t line_ = 1;
  std::vector<double> table_;
};

// Standard normal numbers by Box and Muller, the same with every standard library (std::normal_distribution
// is not).
double draw_normal(std::mt19937_64& engine) {
  const double u1 = (static_cast<double>(engine() >> 11) + 1) * 0x1p-53;  // in (0, 1]
  const double u2 = static_cast<double>(engine() >> 11) * 0x1p-53;
  return std::sqrt(-2 * std::log(u1)) * std::cos(2 * std::numbers::pi * u2);
}

}  // namespace

std::vector<double> parse_housing(const FileBytes& file) { return TableParser(file).parse(); }

std::vector<double> synthetic_housing(uint64_t seed) {
  constexpr size_t rows = 506, features = housing_columns - 1;
  constexpr double mean_price = 22.5, noise = 4.5;  // about what the real table has
  std::mt19937_64 engine(seed);
  std::vector<double> weights(features), table;
  for (double& w : weights) w = 2 * draw_normal(engine);
  for (size_t row = 0; row < rows; ++row) {
    double price = mean_price + noise * draw_normal(engine);
    for (const double w : weights) {
      table.push_back(draw_normal(engine));
      price += w * table.back();
    }
    table.push_back(price);
  }
  return table;
}

size_t standardise(std::vector<double>& table, size_t columns) {
  const size_t row_count = table.size() / columns;
  const auto rows = static_cast<double>(row_count);
  for (size_t column = 0; column + 1 < columns; ++column) {
    double sum = 0, squares = 0;
    bool constant = true;
    for (size_t i = column; i < table.size(); i += columns) {
      sum += table[i];
      constant = constant && table[i] == table[column];
    }
    if (constant) return column;
    const double mean = sum / rows;
    for (size_t i = column; i < table.size(); i += columns) squares += (table[i] - mean) * (table[i] - mean);
    const double deviation = std::sqrt(squares / (rows - 1));
    for (size_t i = column; i < table.size(); i += columns) table[i] = (table[i] - mean) / deviation;
  }
  return columns;
}

}  // namespace files

namespace {

Housing to_arrays(const std::vector<double>& table, DataOrigin origin) {
  std::vector<float> x, y;
  for (size_t i = 0; i < table.size(); ++i)
    ((i + 1) % files::housing_columns == 0 ? y : x).push_back(static_cast<float>(table[i]));
  const auto rows = static_cast<int64_t>(y.size());
  return {.x = Array::from_data(x, {rows, static_cast<int64_t>(files::housing_columns) - 1}),
          .y = Array::from_data(y, {rows, 1}),
          .origin = std::move(origin)};
}

}  // namespace

Housing load_housing(const std::string& given) {
  const std::string file_name = "housing.data";
  DataOrigin origin;
  std::vector<double> table;
  if (const auto found = files::find(given, "", {file_name})) {
    const files::FileBytes file = files::read_data_file(found->paths[0]);
    table = files::parse_housing(file);
    const size_t constant = files::standardise(table, files::housing_columns);
    if (constant != files::housing_columns)
      file.fail(0, fmt::format("column {} cannot be standardised: its values are all alike", constant + 1));
    origin.sentence = fmt::format("{} from {}", file_name, found->place);
  } else {
    table = files::synthetic_housing(1);
    files::standardise(table, files::housing_columns);
    origin.sentence = fmt::format("a synthetic linear table (seed 1) in place of {}, which is not in {}",
                                  file_name, files::places_searched());
    origin.substitute = "synthetic";
  }
  return to_arrays(table, std::move(origin));
}

}  // namespace plugrad
