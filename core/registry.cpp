#include "plugrad/core/registry.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <iterator>
#include <map>
#include <mutex>

#include "plugrad/core/backend.h"

namespace plugrad {

namespace {

struct Entry {
  Row row;
  OpSchema schema;
  std::string owner;
};

// Rows never move: dispatch reads them without a lock.
struct Registry {
  std::mutex mutex;
  std::deque<Entry> entries;
  std::map<std::string_view, Entry*, std::less<>> by_name;
};
Registry& registry() {
  static Registry& r = *new Registry;  // static initialisers fill it, arrays of other statics may outlive it
  return r;
}

[[noreturn]] void refuse(const char* name, const char* why) {
  throw PluginError(fmt::format("register_op: {}: {}", name, why));
}

void check(const OpSchema& s) {
  if (!s.name || !*s.name) throw PluginError("register_op: an op without a name");
  if (!s.infer) refuse(s.name, "no shape rule");
  if (s.n_in > max_inputs || s.n_in < -max_inputs) refuse(s.name, "too many inputs");
  if (s.n_in > max_differentiable_inputs && !s.same_gradient_for_all) refuse(s.name, "too many inputs");
  if (s.n_out < 0 || s.n_out > max_outputs) refuse(s.name, "too many outputs");
  if (s.kind == OpKind::composite && !s.composition) refuse(s.name, "a composite without a composition");
  bool any = false;
  for (const InputGradient& g : s.gradient) any |= g.composition || g.kernel_only;
  const bool others = std::any_of(std::begin(s.gradient) + 1, std::end(s.gradient),
                                  [](const InputGradient& g) { return g.composition || g.kernel_only; });
  if (s.gradient[0].sparse && (others || s.n_out != 1))
    refuse(s.name,
           "a row-sparse gradient is for ops of one output, differentiable in their first input alone");
  switch (s.differentiability) {
    case Differentiability::unstated:
      refuse(s.name,
             "says neither how it is differentiated, nor that it is locally_constant or has no_gradient");
    case Differentiability::differentiable:
      if (!any) refuse(s.name, "is differentiable, but no input has a gradient");
      break;
    default:
      if (any) refuse(s.name, "has a gradient, and says that it has none");
  }
}

void fill(Row& row, const OpSchema& s) {
  row.infer = s.infer;
  row.schema = &s;
  row.dtypes =
      s.dtype_rule == DTypeRule::separate ? DTypeSet{0} : s.dtypes[0];  // 0: always off the fast path
  row.dtype_rule = s.dtype_rule;
  row.kind = s.kind;
  row.broadcasts = s.broadcasts;
  row.sparse_gradient = s.gradient[0].sparse != nullptr;
  row.records = s.differentiability != Differentiability::locally_constant;
  row.n_in = static_cast<int16_t>(s.n_in);
  row.n_out = static_cast<uint8_t>(s.n_out);
  for (const char* a : s.attributes) row.n_attr = static_cast<uint8_t>(row.n_attr + (a != nullptr));
  for (int i = 0; i < max_differentiable_inputs; ++i) row.needs[i] = s.gradient[i].needs;
}

}  // namespace

const Row& register_op(const OpSchema& schema, const char* owner) {
  check(schema);
  Registry& r = registry();
  std::lock_guard lock(r.mutex);
  if (auto it = r.by_name.find(schema.name); it != r.by_name.end())
    throw PluginError(fmt::format("register_op: {}: the name is taken by {}; wanted by {}", schema.name,
                                  it->second->owner, owner));
  Entry& e = r.entries.emplace_back();
  e.schema = schema;
  e.owner = owner;
  fill(e.row, e.schema);
  r.by_name.emplace(e.schema.name, &e);
  return e.row;
}

const Row* find_op(std::string_view name) {
  Registry& r = registry();
  std::lock_guard lock(r.mutex);
  auto it = r.by_name.find(name);
  return it == r.by_name.end() ? nullptr : &it->second->row;
}

const Row& get_op(std::string_view name) {
  const Row* row = find_op(name);
  if (!row) throw Error(fmt::format("{}: no such op", name));
  return *row;
}

std::vector<const Row*> all_ops() {
  Registry& r = registry();
  std::lock_guard lock(r.mutex);
  std::vector<const Row*> rows;
  for (const auto& [name, entry] : r.by_name) rows.push_back(&entry->row);
  return rows;
}

std::string_view owner_of(const Row& op) {
  Registry& r = registry();
  std::lock_guard lock(r.mutex);
  return r.by_name.at(op.schema->name)->owner;
}

void register_kernels(std::string_view op, std::string_view backend, Cell cell) {
  Row& row = detail::mutable_row(get_op(op));
  const BackendId id = detail::intern_backend(backend);
  plugrad_kernel none = nullptr;
  if (!row.forward[id].compare_exchange_strong(none, cell.forward))
    throw PluginError(
        fmt::format("register_kernels: {}: backend {} has kernels for it already", op, backend));
  row.gradient[id].store(cell.gradient);
}

namespace detail {
void fill_row(Row& row, const OpSchema& schema) { fill(row, schema); }
Row& mutable_row(const Row& op) { return const_cast<Row&>(op); }
}  // namespace detail

}  // namespace plugrad
