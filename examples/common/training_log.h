// What an example tells of its training: a line per epoch, and the learning curve.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>

#include "plugrad/examples/common/curve.h"

namespace plugrad::examples {

class TrainingLog {
 public:
  // `quantity` is what the figures are, as "accuracy"; `plot` the SVG file to write, or empty. Lines go to
  // standard output, or to `out`.
  TrainingLog(const std::string& title, const std::string& quantity, std::string plot);
  TrainingLog(const std::string& title, const std::string& quantity, std::string plot, std::ostream& out);

  // Prints "(epoch, 3, trn, 0.98, tst, 0.97)", six digits at most, or without a test figure its first half.
  void add(int epoch, double train, std::optional<double> test = {});

  // Writes the curve, where one is wanted and there is anything to draw. DataError where it cannot be
  // written.
  void save_plot() const;

 private:
  Curve curve_;
  std::string plot_;
  std::ostream& out_;
};

}  // namespace plugrad::examples
