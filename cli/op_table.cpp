#include "plugrad/cli/op_table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "plugrad/core/backend.h"
#include "plugrad/core/cells.h"

namespace plugrad::cli {

namespace {

std::string kind_of(const OpSchema& s) {
  switch (s.kind) {
    case OpKind::primitive:
      return fmt::format("primitive core-{}", s.since);
    case OpKind::composite:
      return "composite";
    default:
      return "view";
  }
}

std::string differentiability_of(const OpSchema& s) {
  switch (s.differentiability) {
    case Differentiability::differentiable:
      return "yes";
    case Differentiability::locally_constant:
      return "constant";
    default:
      return "no";
  }
}

// A cell's two halves in one word, or in two: "kernel / trivial".
std::string cell_text(const std::string& forward, const std::string& gradient) {
  return gradient.empty() ? forward : forward + " / " + gradient;
}

using Line = std::vector<std::string>;

// The table as lines of cells, the heading first.
std::vector<Line> lines_of(const OpTable& table) {
  std::vector<Line> lines{{"op", "kind", "differentiable"}};
  for (const std::string& b : table.backends) lines[0].push_back(b);
  lines[0].push_back("brought by");
  for (const OpRow& r : table.rows) {
    Line line{r.op, r.kind, r.differentiable};
    for (size_t b = 0; b < table.backends.size(); ++b) line.push_back(cell_text(r.forward[b], r.gradient[b]));
    line.push_back(r.owner);
    lines.push_back(std::move(line));
  }
  return lines;
}

std::string totals_of(const OpTable& table) {
  const auto count_kind = [&](std::string_view kind) {
    return std::count_if(table.rows.begin(), table.rows.end(),
                         [&](const OpRow& r) { return r.kind.starts_with(kind); });
  };
  std::string text = fmt::format("{} ops: {} primitives, {} composites, {} views.", table.rows.size(),
                                 count_kind("primitive"), count_kind("composite"), count_kind("view"));
  for (size_t b = 0; b < table.backends.size(); ++b) {
    const auto count = [&](auto half, std::string_view state) {
      return std::count_if(table.rows.begin(), table.rows.end(),
                           [&](const OpRow& r) { return (r.*half)[b] == state; });
    };
    text +=
        fmt::format(" {}: {} forward and {} gradient kernels, {} composed, {} missing.", table.backends[b],
                    count(&OpRow::forward, "kernel"), count(&OpRow::gradient, "kernel"),
                    count(&OpRow::forward, "composed") + count(&OpRow::gradient, "composed"),
                    count(&OpRow::forward, "-") + count(&OpRow::gradient, "-"));
  }
  return text;
}

}  // namespace

OpTable make_op_table(const std::vector<std::string>& backends) {
  OpTable table{backends, {}};
  std::vector<BackendId> ids;
  for (const std::string& b : backends) ids.push_back(detail::intern_backend(b));
  for (const Row* row : all_ops()) {
    const OpSchema& s = *row->schema;
    OpRow r{s.name, kind_of(s), differentiability_of(s), {}, {}, std::string(owner_of(*row))};
    for (const BackendId id : ids) {
      r.forward.emplace_back(to_string(forward_state(s, row->cell(id))));
      r.gradient.emplace_back(to_string(gradient_state(s, row->cell(id))));
    }
    table.rows.push_back(std::move(r));
  }
  return table;
}

std::string to_text(const OpTable& table) {
  const std::vector<Line> lines = lines_of(table);
  std::vector<size_t> widths(lines[0].size());
  for (const Line& line : lines)
    for (size_t k = 0; k < line.size(); ++k) widths[k] = std::max(widths[k], line[k].size());
  std::string text;
  for (const Line& line : lines) {
    std::string row;
    for (size_t k = 0; k < line.size(); ++k) row += fmt::format("{:<{}}  ", line[k], widths[k]);
    text += row.substr(0, row.find_last_not_of(' ') + 1) + '\n';
  }
  return text + '\n' + totals_of(table) + '\n';
}

std::string to_markdown(const OpTable& table) {
  const std::vector<Line> lines = lines_of(table);
  std::string text = fmt::format("| {} |\n|{}\n", fmt::join(lines[0], " | "), [&] {
    std::string rule;
    for (size_t k = 0; k < lines[0].size(); ++k) rule += "---|";
    return rule;
  }());
  for (size_t k = 1; k < lines.size(); ++k) text += fmt::format("| {} |\n", fmt::join(lines[k], " | "));
  return text + '\n' + totals_of(table) + '\n';
}

nlohmann::json to_json(const OpTable& table) {
  nlohmann::json rows = nlohmann::json::array();
  for (const OpRow& r : table.rows) {
    nlohmann::json cells;
    for (size_t b = 0; b < table.backends.size(); ++b)
      cells[table.backends[b]] = {{"forward", r.forward[b]}, {"gradient", r.gradient[b]}};
    rows.push_back({{"op", r.op},
                    {"kind", r.kind},
                    {"differentiable", r.differentiable},
                    {"backends", cells},
                    {"owner", r.owner}});
  }
  return {{"backends", table.backends}, {"ops", rows}};
}

}  // namespace plugrad::cli
