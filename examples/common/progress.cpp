// Drawing the progress bar.
#include "plugrad/examples/common/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace plugrad::examples {

std::string progress_bar(const std::string& label, size_t done, size_t total, double seconds, size_t width) {
  done = std::min(done, total);
  const double part = total == 0 ? 1 : static_cast<double>(done) / static_cast<double>(total);
  const std::string figures = fmt::format(" {:3.0f}% {}/{} {:.1f}s", 100 * part, done, total, seconds);
  const size_t around = label.size() + figures.size() + 3;  // a space and two brackets
  if (around + 2 > width) return (label + figures).substr(0, width);
  const size_t room = width - around, filled = static_cast<size_t>(part * static_cast<double>(room));
  std::string bar(filled, '=');
  if (filled < room) bar += '>';
  bar.resize(room, ' ');
  return fmt::format("{} [{}]{}", label, bar, figures);
}

Progress::Progress(std::string label, size_t total)
    : Progress(std::move(label), total, isatty(STDERR_FILENO) == 1) {}

Progress::Progress(std::string label, size_t total, bool drawn)
    : label_(std::move(label)), total_(total), drawn_(drawn) {}

Progress::~Progress() {
  constexpr const char* wipe_line = "\r\x1b[K";
  if (visible_) fmt::print(stderr, "{}", wipe_line);
}

void Progress::draw_now_and_then() {
  const auto now = Clock::now();
  if (now - last_ < std::chrono::milliseconds(100)) return;
  last_ = now;
  visible_ = true;
  const double seconds = std::chrono::duration<double>(now - start_).count();
  fmt::print(stderr, "\r{}", progress_bar(label_, done_, total_, seconds));
  std::fflush(stderr);
}

}  // namespace plugrad::examples
