// Printing and collecting the figures of training.
#include "plugrad/examples/common/training_log.h"

#include <fmt/format.h>

#include <iostream>

namespace plugrad::examples {

TrainingLog::TrainingLog(const std::string& title, const std::string& quantity, std::string plot)
    : TrainingLog(title, quantity, std::move(plot), std::cout) {}

TrainingLog::TrainingLog(const std::string& title, const std::string& quantity, std::string plot,
                         std::ostream& out)
    : curve_{.title = title,
             .x_label = "epoch",
             .y_label = quantity,
             .series = {{"train", {}}, {"test", {}}}},
      plot_(std::move(plot)),
      out_(out) {}

void TrainingLog::add(int epoch, double train, std::optional<double> test) {
  curve_.series[0].points.emplace_back(epoch, train);
  if (test) curve_.series[1].points.emplace_back(epoch, *test);
  out_ << fmt::format("(epoch, {}, trn, {:.6g}", epoch, train)
       << (test ? fmt::format(", tst, {:.6g})", *test) : ")") << std::endl;
}

void TrainingLog::save_plot() const {
  if (plot_.empty() || curve_.series[0].points.empty()) return;
  Curve drawn = curve_;
  if (drawn.series[1].points.empty()) drawn.series.pop_back();
  save_svg(plot_, drawn);
}

}  // namespace plugrad::examples
