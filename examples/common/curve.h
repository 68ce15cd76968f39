// Line charts as self-contained SVG: what a learning curve is drawn with.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace plugrad::examples {

struct Series {
  std::string name;
  std::vector<std::pair<double, double>> points;  // x rising; where y is not finite the line is interrupted
};

struct Curve {
  std::string title, x_label, y_label;
  std::vector<Series> series;
};

// Multiples of 1, 2 or 5 times a power of ten between `low` and `high` (low < high), about `wanted` of them,
// no closer to each other than `least_step`.
std::vector<double> nice_ticks(double low, double high, int wanted, double least_step = 0);

// The chart, 720 by 450, with axes, ticks, grid and legend.
std::string to_svg(const Curve& curve);

// Writes it to a file, whole or not at all. DataError where it cannot be written.
void save_svg(const std::filesystem::path& path, const Curve& curve);

}  // namespace plugrad::examples
