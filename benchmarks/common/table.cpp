#include "plugrad/benchmarks/common/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "plugrad/benchmarks/common/history.h"

namespace plugrad::benchmarks {

namespace {

const HistoryRow* history_of(const Workload& w) {
  const auto it =
      std::find_if(history.begin(), history.end(), [&](const HistoryRow& h) { return h.name == w.name; });
  return it == history.end() || !w.substitute.empty() ? nullptr : &*it;
}

std::string history_cell(const HistoryRow* h, size_t column) {
  return h && h->seconds[column] > 0 ? fmt::format("{:g}", h->seconds[column]) : "-";
}

}  // namespace

double minimum_of(const Measurement& m) { return *std::min_element(m.seconds.begin(), m.seconds.end()); }

double median_of(const Measurement& m) {
  std::vector<double> s = m.seconds;
  std::sort(s.begin(), s.end());
  return s.size() % 2 ? s[s.size() / 2] : (s[s.size() / 2 - 1] + s[s.size() / 2]) / 2;
}

std::string to_markdown(const std::vector<Measurement>& rows, const Circumstances& c) {
  std::string text = fmt::format(
      "Seconds of training; {0}: backend {1}, {2} thread{3}, {4}, {5}, {6}.\nThe other columns were measured "
      "in "
      "2016, "
      "the first five on a GPU.\n\n| row | data | epochs | batch | {0} min | median | warm-up | final loss |",
      c.column, c.backend, c.threads, c.threads == 1 ? "" : "s", c.processor, c.date, c.commit);
  for (std::string_view column : history_columns) text += fmt::format(" {} |", column);
  text += "\n|---|---|";
  for (size_t i = 0; i < 6 + history_columns.size(); ++i) text += "--:|";
  for (const Measurement& m : rows) {
    const Workload& w = *m.workload;
    const std::string data =
        w.substitute.empty() ? w.dataset : w.substitute + " (instead of " + w.dataset + ")";
    text += fmt::format("\n| {} | {} | {} | {} | {:.4f} | {:.4f} | {:.4f} | {:.5g} |", w.name, data, w.epochs,
                        w.batch, minimum_of(m), median_of(m), m.warm_up, m.loss);
    for (size_t k = 0; k < history_columns.size(); ++k)
      text += fmt::format(" {} |", history_cell(history_of(w), k));
  }
  return text + "\n";
}

std::string to_json(const std::vector<Measurement>& rows, const Circumstances& c) {
  nlohmann::ordered_json j{{"date", c.date},       {"commit", c.commit},   {"processor", c.processor},
                           {"backend", c.backend}, {"threads", c.threads}, {"rows", nlohmann::json::array()}};
  for (const Measurement& m : rows) {
    const Workload& w = *m.workload;
    nlohmann::ordered_json row{{"row", w.name},
                               {"data", w.dataset},
                               {"substitute", w.substitute},
                               {"epochs", w.epochs},
                               {"batch", w.batch},
                               {"updates", w.updates},
                               {"minimum", minimum_of(m)},
                               {"median", median_of(m)},
                               {"seconds", m.seconds},
                               {"warm_up", m.warm_up},
                               {"final_loss", m.loss}};
    if (const HistoryRow* h = history_of(w))
      for (size_t k = 0; k < history_columns.size(); ++k)
        if (h->seconds[k] > 0) row["in_2016"][std::string(history_columns[k])] = h->seconds[k];
    j["rows"].push_back(std::move(row));
  }
  return j.dump(2) + "\n";
}

std::string processor_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.starts_with("model name"))
      if (const size_t colon = line.find(": "); colon != std::string::npos) return line.substr(colon + 2);
  return "unknown processor";
}

}  // namespace plugrad::benchmarks
