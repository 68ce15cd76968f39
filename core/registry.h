// The table: an op is a row, a backend is a column, a kernel is a cell.
#pragma once

#include <string_view>

#include "plugrad/core/schema.h"

namespace plugrad {

struct Cell {
  plugrad_kernel forward = nullptr, gradient = nullptr;
};

// A row as dispatch reads it: what the hot path needs comes first. Rows never move.
struct alignas(64) Row {
  void (*infer)(Inference&) = nullptr;
  const OpSchema* schema = nullptr;
  DTypeSet dtypes = 0;
  DTypeRule dtype_rule = DTypeRule::same;
  OpKind kind = OpKind::primitive;
  bool broadcasts = false, records = false, sparse_gradient = false;
  int16_t n_in = 0;
  uint8_t n_out = 1, n_attr = 0;
  Needs needs[max_differentiable_inputs] = {};
  std::atomic<plugrad_kernel> forward[max_backends] = {}, gradient[max_backends] = {};

  Cell cell(BackendId b) const {
    return {forward[b].load(std::memory_order_relaxed), gradient[b].load(std::memory_order_relaxed)};
  }
  Needs needs_of(int i) const {
    return schema->same_gradient_for_all ? needs[0] : i < max_differentiable_inputs ? needs[i] : 0;
  }
};

// Adds a row. The schema is copied; its name must be a literal or outlive the process. Throws PluginError
// where the name is taken or the schema says neither how to differentiate the op nor that it can't be.
PLUGRAD_PUBLIC const Row& register_op(const OpSchema& schema, const char* owner = "this program");
// Fills the cells of one op in one backend, in process. PluginError: no such op, or the cell is taken.
PLUGRAD_PUBLIC void register_kernels(std::string_view op, std::string_view backend, Cell cell);

PLUGRAD_PUBLIC const Row* find_op(std::string_view name);  // null: none
PLUGRAD_PUBLIC const Row& get_op(std::string_view name);   // Error: none
PLUGRAD_PUBLIC std::vector<const Row*> all_ops();          // by name
PLUGRAD_PUBLIC std::string_view owner_of(const Row& op);   // who registered it

namespace detail {
Row& mutable_row(const Row& op);
// Makes the row of a schema that stays outside the table.
void fill_row(Row& row, const OpSchema& schema);
}  // namespace detail

}  // namespace plugrad
