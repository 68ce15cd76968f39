// Laying out a chart: ranges, ticks, then SVG elements from the back to the front.
#include "plugrad/examples/common/curve.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "plugrad/nn/checkpoint/replace_file.h"

namespace plugrad::examples {
namespace {

constexpr double width = 720, height = 450, left = 76, right = 24, top = 74, bottom = 58;
// Okabe and Ito's colours, which the colour-blind can tell apart.
constexpr const char* colours[] = {"#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"};
constexpr const char* ink = "#333333";
constexpr const char* grid_colour = "#e4e4e4";
constexpr size_t most_markers = 60;  // more points than this make a line that needs no dots

const char* colour_of(size_t series) { return colours[series % std::size(colours)]; }

// What fits on a chart; values near the largest double would overflow in the arithmetic of scales.
bool drawable(const std::pair<double, double>& p) {
  return std::abs(p.first) < 1e100 && std::abs(p.second) < 1e100;
}

struct Interval {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  void include(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  // Never empty, and `part` of its length larger at both ends.
  Interval widened(double part) const {
    if (low > high) return {0, 1};
    const double least = std::max(std::abs(low), std::abs(high)) * 1e-6;
    if (high - low <= least) return {low - std::max(least * 1e5, 0.5), high + std::max(least * 1e5, 0.5)};
    return {low - part * (high - low), high + part * (high - low)};
  }
};

// From values to pixels.
struct Scale {
  Interval values;
  double first_pixel, last_pixel;
  double operator()(double v) const {
    return first_pixel + (v - values.low) / (values.high - values.low) * (last_pixel - first_pixel);
  }
};

struct Chart {
  const Curve& curve;
  Scale x, y;
  std::vector<double> x_ticks, y_ticks;
};

Chart lay_out(const Curve& curve) {
  Interval x, y;
  bool whole = true;
  for (const Series& series : curve.series)
    for (const auto& point : series.points)
      if (drawable(point)) {
        x.include(point.first);
        y.include(point.second);
        whole = whole && point.first == std::floor(point.first);
      }
  x = x.widened(0.02);
  y = y.widened(0.06);
  return {.curve = curve,
          .x = {x, left, width - right},
          .y = {y, height - bottom, top},
          .x_ticks = nice_ticks(x.low, x.high, 10, whole ? 1 : 0),
          .y_ticks = nice_ticks(y.low, y.high, 6)};
}

std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == '&') result += "&amp;";
    else if (c == '<') result += "&lt;";
    else if (c == '>') result += "&gt;";
    else if (c == '"') result += "&quot;";
    else if (static_cast<unsigned char>(c) >= 0x20) result += c;
  }
  return result;
}

// With as many decimals as the step between ticks needs.
std::string tick_label(double value, double step) {
  if (std::abs(value) < step * 1e-6) return "0";
  const double largest = 1e6, smallest_step = 1e-5;
  if (std::abs(value) >= largest || step < smallest_step) return fmt::format("{:.6g}", value);
  const int decimals = std::max(0, -static_cast<int>(std::floor(std::log10(step) + 1e-9)));
  return fmt::format("{:.{}f}", value, decimals);
}

double step_of(const std::vector<double>& ticks) { return ticks.size() < 2 ? 1 : ticks[1] - ticks[0]; }

void draw_axes(std::string& svg, const Chart& c) {
  const auto out = std::back_inserter(svg);
  const double right_end = width - right, floor = height - bottom;
  fmt::format_to(out, "<g stroke=\"{}\">\n", grid_colour);
  for (const double t : c.x_ticks)
    fmt::format_to(out, "<line x1=\"{0:.2f}\" y1=\"{1}\" x2=\"{0:.2f}\" y2=\"{2}\"/>\n", c.x(t), top, floor);
  for (const double t : c.y_ticks)
    fmt::format_to(out, "<line x1=\"{1}\" y1=\"{0:.2f}\" x2=\"{2}\" y2=\"{0:.2f}\"/>\n", c.y(t), left,
                   right_end);
  fmt::format_to(out, "</g>\n<g stroke=\"{}\">\n", ink);
  for (const double t : c.x_ticks)
    fmt::format_to(out, "<line x1=\"{0:.2f}\" y1=\"{1}\" x2=\"{0:.2f}\" y2=\"{2}\"/>\n", c.x(t), floor,
                   floor + 5);
  for (const double t : c.y_ticks)
    fmt::format_to(out, "<line x1=\"{1}\" y1=\"{0:.2f}\" x2=\"{2}\" y2=\"{0:.2f}\"/>\n", c.y(t), left - 5,
                   left);
  fmt::format_to(out, "<path d=\"M{0} {1}V{2}H{3}\" fill=\"none\"/>\n</g>\n", left, top, floor, right_end);
}

void draw_labels(std::string& svg, const Chart& c) {
  const auto out = std::back_inserter(svg);
  const double middle_x = (left + width - right) / 2, middle_y = (top + height - bottom) / 2;
  fmt::format_to(out, "<g font-size=\"12\" text-anchor=\"middle\">\n");
  for (const double t : c.x_ticks)
    fmt::format_to(out, "<text x=\"{:.2f}\" y=\"{}\">{}</text>\n", c.x(t), height - bottom + 20,
                   tick_label(t, step_of(c.x_ticks)));
  fmt::format_to(out, "</g>\n<g font-size=\"12\" text-anchor=\"end\">\n");
  for (const double t : c.y_ticks)
    fmt::format_to(out, "<text x=\"{}\" y=\"{:.2f}\" dy=\"0.35em\">{}</text>\n", left - 9, c.y(t),
                   tick_label(t, step_of(c.y_ticks)));
  fmt::format_to(out, "</g>\n<g font-size=\"13\" text-anchor=\"middle\">\n");
  fmt::format_to(out, "<text x=\"{}\" y=\"{}\">{}</text>\n", middle_x, height - 14, escaped(c.curve.x_label));
  fmt::format_to(out, "<text transform=\"translate(18 {}) rotate(-90)\">{}</text>\n</g>\n", middle_y,
                 escaped(c.curve.y_label));
  fmt::format_to(
      out, "<text x=\"{}\" y=\"28\" font-size=\"16\" font-weight=\"bold\" text-anchor=\"middle\">{}</text>\n",
      middle_x, escaped(c.curve.title));
}

// Between title and chart, where it covers no line.
void draw_legend(std::string& svg, const Chart& c) {
  const auto out = std::back_inserter(svg);
  constexpr double line = 24, gap = 8, per_letter = 7.5, between = 26, y = 52;
  const auto length_of = [](const Series& s) {
    return line + gap + per_letter * static_cast<double>(s.name.size()) + between;
  };
  double x = (left + width - right + between) / 2;
  for (const Series& series : c.curve.series) x -= length_of(series) / 2;
  fmt::format_to(out, "<g font-size=\"13\">\n");
  for (size_t i = 0; i < c.curve.series.size(); ++i) {
    const Series& series = c.curve.series[i];
    fmt::format_to(
        out,
        "<line x1=\"{0:.2f}\" y1=\"{1}\" x2=\"{2:.2f}\" y2=\"{1}\" stroke=\"{3}\" stroke-width=\"2\"/>\n", x,
        y, x + line, colour_of(i));
    fmt::format_to(out, "<text x=\"{:.2f}\" y=\"{}\" dy=\"0.35em\">{}</text>\n", x + line + gap, y,
                   escaped(series.name));
    x += length_of(series);
  }
  fmt::format_to(out, "</g>\n");
}

void draw_series(std::string& svg, const Chart& c, size_t number) {
  const auto out = std::back_inserter(svg);
  const auto& points = c.curve.series[number].points;
  std::string path, markers;
  bool pen_down = false;
  for (const auto& point : points) {
    const bool visible = drawable(point);
    if (visible) {
      const double x = c.x(point.first), y = c.y(point.second);
      fmt::format_to(std::back_inserter(path), "{}{:.2f} {:.2f}", pen_down ? 'L' : 'M', x, y);
      if (points.size() <= most_markers)
        fmt::format_to(std::back_inserter(markers), "<circle cx=\"{:.2f}\" cy=\"{:.2f}\" r=\"2.5\"/>\n", x,
                       y);
    }
    pen_down = visible;
  }
  if (path.empty()) return;
  const char* colour = colour_of(number);
  fmt::format_to(
      out, "<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\" stroke-linejoin=\"round\"/>\n",
      path, colour);
  if (!markers.empty()) fmt::format_to(out, "<g fill=\"{}\">\n{}</g>\n", colour, markers);
}

}  // namespace

std::vector<double> nice_ticks(double low, double high, int wanted, double least_step) {
  const double rough = std::max((high - low) / wanted, least_step);
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  double step = 10 * power;
  for (const double factor : {5.0, 2.0, 1.0})
    if (factor * power >= rough * (1 - 1e-9)) step = factor * power;
  const double first = std::ceil(low / step - 1e-9), last = std::floor(high / step + 1e-9);
  std::vector<double> ticks;
  for (int i = 0; first + i <= last && i <= 2 * wanted; ++i) ticks.push_back((first + i) * step);
  return ticks;
}

std::string to_svg(const Curve& curve) {
  const Chart chart = lay_out(curve);
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" "
      "role=\"img\" "
      "font-family=\"Helvetica, Arial, sans-serif\" fill=\"{2}\">\n<title>{3}</title>\n"
      "<rect width=\"{0}\" height=\"{1}\" fill=\"#ffffff\"/>\n",
      width, height, ink, escaped(curve.title));
  draw_axes(svg, chart);
  draw_labels(svg, chart);
  draw_legend(svg, chart);
  for (size_t i = 0; i < curve.series.size(); ++i) draw_series(svg, chart, i);
  return svg + "</svg>\n";
}

void save_svg(const std::filesystem::path& path, const Curve& curve) {
  files::FileReplacement file(path);
  file.write(to_svg(curve));
  file.commit();
}

}  // namespace plugrad::examples
