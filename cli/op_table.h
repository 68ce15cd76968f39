// The table as people read it: `plugrad ops`.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace plugrad::cli {

// One row: an op, and how each backend has it.
struct OpRow {
  std::string op, kind;                        // "primitive core-1", "composite", "view"
  std::string differentiable;                  // "yes", "constant", "no"
  std::vector<std::string> forward, gradient;  // a cell per backend: to_string(CellState)
  std::string owner;                           // who brought it
};
struct OpTable {
  std::vector<std::string> backends;
  std::vector<OpRow> rows;  // by name
};

// Of the backends, which are loaded already.
OpTable make_op_table(const std::vector<std::string>& backends);

std::string to_text(const OpTable& table);  // aligned columns, and a line of totals
std::string to_markdown(const OpTable& table);
nlohmann::json to_json(const OpTable& table);

}  // namespace plugrad::cli
