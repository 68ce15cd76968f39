// The figures of 2016 that our table stands beside: seconds per row, as the slides print them (one GPU, a
// GRID K520, minimum of 5-6 runs, measured 2016-10-06), and the CPU columns of the same authors' logs.
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace plugrad::benchmarks {

inline constexpr std::array<std::string_view, 8> history_columns = {
    "Knet", "Theano", "Torch", "Caffe", "TFlow", "Knet CPU", "Torch CPU (8 cores)", "Caffe CPU"};

struct HistoryRow {
  std::string_view name;
  std::array<double, 8> seconds;  // 0: none was reported
};

inline constexpr std::array<HistoryRow, 5> history = {{
    {"LinReg", {2.84, 1.88, 2.66, 2.35, 5.92, 1.17, 0.675, 0.40}},
    {"Softmax", {2.35, 1.40, 2.88, 2.45, 5.57, 3.30, 4.157, 3.96}},
    {"MLP", {3.68, 2.31, 4.03, 3.69, 6.94, 6.50, 5.299, 19.36}},
    {"LeNet", {3.59, 3.03, 1.69, 3.54, 8.77, 0, 27.93, 166.3}},
    {"CharLM", {2.25, 2.42, 2.23, 1.43, 2.86, 38.04, 32.02, 56.56}},
}};

}  // namespace plugrad::benchmarks
