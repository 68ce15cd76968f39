// A progress bar, on a terminal only: logs and pipes see nothing of it.
#pragma once

#include <chrono>
#include <cstddef>
#include <iterator>
#include <string>
#include <utility>

namespace plugrad::examples {

// "label [=====>    ]  50% 300/600 12.5s", in at most `width` columns.
std::string progress_bar(const std::string& label, size_t done, size_t total, double seconds,
                         size_t width = 79);

// Draws the bar on standard error, at most ten times a second, and wipes it out in the end.
class Progress {
 public:
  Progress(std::string label, size_t total);  // drawn where standard error is a terminal
  Progress(std::string label, size_t total, bool drawn);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();

  void advance() {
    ++done_;
    if (drawn_) draw_now_and_then();
  }

 private:
  void draw_now_and_then();

  using Clock = std::chrono::steady_clock;
  std::string label_;
  size_t total_, done_ = 0;
  bool drawn_, visible_ = false;
  Clock::time_point start_ = Clock::now(), last_ = start_;
};

// A range that shows how far a loop over it has come: `for (auto [x, y] : with_progress(batches, "epoch 1"))
// ...`. `range`, which has a size, is to outlive it.
template <class Range>
class ProgressRange {
 public:
  ProgressRange(Range& range, std::string label)
      : range_(range), progress_(std::move(label), std::size(range)) {}

  class Iterator {
   public:
    using Inner = decltype(std::begin(std::declval<Range&>()));
    Iterator(Inner at, Progress& progress) : at_(std::move(at)), progress_(&progress) {}
    decltype(auto) operator*() const { return *at_; }
    auto operator->() const { return &*at_; }
    Iterator& operator++() {
      ++at_;
      progress_->advance();
      return *this;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) { return a.at_ == b.at_; }

   private:
    Inner at_;
    Progress* progress_;
  };

  Iterator begin() { return {std::begin(range_), progress_}; }
  Iterator end() { return {std::end(range_), progress_}; }
  size_t size() const { return std::size(range_); }

 private:
  Range& range_;
  Progress progress_;
};

template <class Range>
ProgressRange<Range> with_progress(Range& range, std::string label) {
  return {range, std::move(label)};
}

}  // namespace plugrad::examples
