#include "plugrad/core/tape.h"

#include <fmt/format.h>

#include <new>

#include "plugrad/core/backend.h"
#include "plugrad/core/core_ops.h"
#include "plugrad/core/kernel_call.h"
#include "plugrad/core/row_sparse.h"
#include "plugrad/core/tape_arena.h"

namespace plugrad {

namespace detail {

// A closure on the tape; its node owns it.
struct CustomFunction {
  CustomRule rule;
};

namespace {

std::atomic<uint64_t> next_epoch{2};

Node* new_node(ThreadState& t, const Row* op, int n_in, int n_out, int n_attr) {
  const size_t bytes = sizeof(Node) + static_cast<size_t>(n_in) * sizeof(NodeInput) +
                       static_cast<size_t>(n_out) * sizeof(NodeOutput) +
                       static_cast<size_t>(n_attr) * sizeof(plugrad_value);
  auto* n = static_cast<Node*>(take_from_tape(t, bytes));
  n->op = op;
  n->seq = t.seq++;
  n->depth = 0;
  n->n_in = static_cast<uint16_t>(n_in);
  n->n_out = static_cast<uint8_t>(n_out);
  n->n_attr = static_cast<uint8_t>(n_attr);
  n->custom = nullptr;
  n->prev = t.last;
  for (int i = 0; i < n_out; ++i) {
    NodeOutput& o = n->out()[i];
    new (&o.grad) Array;
    new (&o.saved) Array;
    o.shape = nullptr;
  }
  return n;
}

// Gives up what a node holds; its memory belongs to the arena.
void destroy(Node& n) {
  for (int i = 0; i < n.n_in; ++i) n.in()[i].saved.~Array();
  for (int i = 0; i < n.n_out; ++i) {
    n.out()[i].grad.~Array();
    n.out()[i].saved.~Array();
  }
  if (n.op) delete n.custom;
}

bool same_dims(const Array& a, const Array& b) {
  const int n = a.ndim();
  if (n != b.ndim()) return false;
  for (int i = 0; i < n; ++i)
    if (a.dims()[i] != b.dims()[i]) return false;
  return true;
}

const Shape* keep_shape(ThreadState& t, const Array& x) {  // only the axes in use
  void* p = take_from_tape(t, sizeof(int64_t) * static_cast<size_t>(x.ndim() + 1));
  auto* s = new (p) Shape;
  s->assign(x.dims(), x.ndim());
  return s;
}

// Fills one input of a node, which becomes as deep as the deepest of its parents.
void record_input(ThreadState& t, Node& n, NodeInput& e, const Array& x, bool save, const Array& out) {
  const bool tracked = x.epoch() == t.epoch;
  e.parent = tracked ? x.node() : nullptr;
  e.parent_output = static_cast<uint16_t>(x.output());
  e.shape = nullptr;
  if (tracked && e.parent->depth > n.depth) n.depth = e.parent->depth;
  if (save) {
    new (&e.saved) Array(x);
    e.version = x.storage()->version;
  } else {
    new (&e.saved) Array;
    if ((tracked || n.op->schema->same_gradient_for_all) && !same_dims(x, out)) e.shape = keep_shape(t, x);
  }
}

void record_attributes(ThreadState& t, Node& n, const Value* attr) {
  for (int i = 0; i < n.n_attr; ++i) {
    plugrad_value& v = n.attr()[i];
    v = attr[i];
    if (v.tag != PLUGRAD_INTS) continue;
    auto* ints = static_cast<int64_t*>(take_from_tape(t, sizeof(int64_t) * static_cast<size_t>(v.count)));
    std::copy_n(attr[i].as.ints, v.count, ints);
    v.as.ints = ints;
  }
}

void record_output(ThreadState& t, Node& n, int k, Array& out, Needs needs) {
  NodeOutput& o = n.out()[k];
  if (!is_floating(out.dtype())) return;  // indices and the like stay constants
  out.set_node(&n, k, t.epoch);
  if (n.n_out > 1) {
    o.shape = keep_shape(t, out);
    o.dtype = out.dtype();
  }
  // Needs has bits for 16 outputs. Those of ops with more, such as split, are never saved.
  if (k < 16 && (needs & output(k))) {
    o.saved = out;
    o.version = out.storage()->version;
  }
}

}  // namespace

void record(ThreadState& t, const Row& op, const ArrayRef* in, int n_in, Array* out, int n_out,
            const Value* attr, int n_attr) {
  Needs needs = 0;
  for (int i = 0; i < n_in; ++i)
    if (in[i]->epoch() == t.epoch) needs |= op.needs_of(i);
  Node* n = new_node(t, &op, n_in, n_out, n_attr);
  for (int i = 0; i < n_in; ++i)
    record_input(t, *n, n->in()[i], *in[i], i < max_differentiable_inputs && (needs >> i & 1), out[0]);
  if (n_attr) record_attributes(t, *n, attr);
  t.last = n;
  for (int k = 0; k < n_out; ++k) record_output(t, *n, k, out[k], needs);
}

namespace {
// custom_gradient's nodes bring their rule along; their row stands outside the table.
const Row& custom_row() {
  static const OpSchema schema{.name = "custom_gradient",
                               .n_in = -1,
                               .kind = OpKind::view,
                               .dtype_rule = DTypeRule::separate,
                               .infer = infer_same,
                               .differentiability = Differentiability::differentiable,
                               .gradient = {{.kernel_only = true}},
                               .same_gradient_for_all = true};
  static Row& row = *new Row;
  static const bool filled = (fill_row(row, schema), true);
  (void)filled;
  return row;
}
}  // namespace

void record_custom(std::span<const ArrayRef> in, Array& out, CustomRule rule) {
  ThreadState& t = thread_state();
  bool tracked = false;
  for (const ArrayRef& x : in) tracked |= *x && x->epoch() == t.epoch;
  if (!tracked || !is_floating(out.dtype())) return;
  record(t, custom_row(), in.data(), static_cast<int>(in.size()), &out, 1, nullptr, 0);
  t.last->custom = new CustomFunction{std::move(rule)};
}

}  // namespace detail

using detail::NodeInput;
using detail::NodeOutput;

Recording::Recording()
    : t_(detail::thread_state()), mark_(t_.last), outer_epoch_(t_.epoch), outermost_(t_.depth == 0) {
  ++t_.depth;
  if (outermost_) {
    t_.tape_epoch.store(detail::next_epoch.fetch_add(1, std::memory_order_relaxed),
                        std::memory_order_relaxed);
    t_.seq = 0;
  }
  t_.epoch = t_.tape_epoch.load(std::memory_order_relaxed);
}

Recording::~Recording() {
  if (outermost_) {
    while (Node* n = t_.last) {
      t_.last = n->prev;
      detail::destroy(*n);
    }
    t_.tape_epoch.store(detail::not_recording, std::memory_order_relaxed);
    detail::rewind_tape(t_);
  } else if (walking_) {  // left by an exception: no half-done gradients for the outer walk
    for (Node* n = t_.last; n != mark_; n = n->prev)
      for (int k = 0; k < n->n_out; ++k) n->out()[k].grad.reset();
  }
  --t_.depth;
  t_.epoch = outer_epoch_;
}

// A leaf is a new array over the same storage: two grad calls on one array must not see each other. If x is
// itself on the outer tape, the leaf is its copy there too, so that outer gradients flow through it.
Array Recording::leaf(const Array& x) {
  if (!x) throw Error("grad: the parameters hold an empty array");
  if (!is_floating(x.dtype()))
    throw DTypeError(fmt::format("grad: only floating arrays have a gradient, not {}", name(x.dtype())));
  if (t_.last != (last_leaf_ ? last_leaf_ : mark_))
    throw Error("grad: leaves come before the first recorded op");
  Array a = x.detach();
  Node* n = detail::new_node(t_, nullptr, 1, 1, 0);
  NodeInput& in = n->in()[0];
  in.parent = x.epoch() == t_.epoch ? x.node() : nullptr;
  in.parent_output = static_cast<uint16_t>(x.output());
  in.shape = nullptr;
  new (&in.saved) Array(x);
  n->depth = t_.depth;
  t_.last = n;
  (last_leaf_ ? last_leaf_->next_leaf : first_leaf_) = n;
  last_leaf_ = n;
  a.set_node(n, 0, t_.epoch);
  return a;
}

void Recording::backward(const Array& y) {
  if (!y) throw Error("grad: the function returned an empty array");
  if (y.size() != 1)
    throw ShapeError(
        fmt::format("grad: the function must return one number, not shape {}", to_string(y.shape())));
  if (!first_leaf_) throw Error("grad: nothing to differentiate in: the parameters hold no arrays");
  next_ = first_leaf_;
  if (y.epoch() != t_.epoch || y.node()->depth < t_.depth) return;  // depends on none of our leaves
  Node* const start = y.node();
  {
    NoGrad off;
    start->out()[y.output()].grad = detail::call_full(y.shape(), 1.0, y.dtype(), y.device());
  }
  walking_ = true;
  if (!outermost_) {
    for (Node* n = start; n != last_leaf_; n = n->prev) {
      if (n->depth >= t_.depth) propagate(*n, true);
      for (int k = 0; k < n->n_out; ++k) n->out()[k].grad.reset();
    }
    walking_ = false;
    return;
  }
  NoGrad off;  // the outermost walk records nothing, and frees as it goes
  while (t_.last != last_leaf_) {
    Node* n = t_.last;
    propagate(*n, false);
    t_.last = n->prev;
    detail::destroy(*n);
  }
}

Array Recording::next_gradient() {
  if (!next_) throw Error("grad: more gradients asked for than there are leaves, or before backward");
  Node& n = *std::exchange(next_, next_->next_leaf);
  const Array& x = n.in()[0].saved;
  Array g = std::move(n.out()[0].grad);
  if (!g) return detail::call_full(x.shape(), 0.0, x.dtype(), x.device());
  if (is_row_sparse(g)) return g;
  // A borrowed or repeated gradient is the user's own from here on.
  return g.contiguous() && (g.unique() || !outermost_) ? g : detail::call_copy(g);
}

namespace {

// The central un-broadcast: adds up over what was repeated.
void unbroadcast(Array& g, const NodeInput& e) {
  const int64_t* dims = nullptr;
  int ndim = 0;
  if (e.shape) dims = e.shape->data(), ndim = e.shape->ndim();
  else if (e.saved) dims = e.saved.dims(), ndim = e.saved.ndim();
  else return;  // the output's shape
  bool same = g.ndim() == ndim;
  for (int i = 0; same && i < ndim; ++i) same = g.dims()[i] == dims[i];
  if (!same) g = detail::call_sum_to(g, Shape(dims, ndim));
}

[[noreturn]] PLUGRAD_COLD void overwritten(const Row& op, const char* what, int i, const Array& x) {
  const Row* writer = x.storage()->writer;
  throw Error(fmt::format("{}: its {} {}, which the gradient needs, was overwritten by {}", op.schema->name,
                          what, i, writer ? writer->schema->name : "mutable_data"));
}

void check_versions(const Node& n) {
  for (int i = 0; i < n.n_in; ++i) {
    const NodeInput& e = n.in()[i];
    if (e.saved && e.version != e.saved.storage()->version) [[unlikely]]
      overwritten(*n.op, "input", i, e.saved);
  }
  for (int k = 0; k < n.n_out; ++k) {
    const NodeOutput& o = n.out()[k];
    if (o.saved && o.version != o.saved.storage()->version) [[unlikely]]
      overwritten(*n.op, "output", k, o.saved);
  }
}

}  // namespace

// Does the gradient in this input lead to a leaf of ours? An inner walk follows nodes of its own recording
// only.
bool Recording::wanted(const NodeInput& e, bool recorded) const {
  return e.parent && (!recorded || (e.parent->depth >= t_.depth && e.parent->seq >= first_leaf_->seq));
}

namespace {

const Array& first_of(const Array* dy, int n) {
  return *std::find_if(dy, dy + n, [](const Array& a) { return static_cast<bool>(a); });
}

const InputGradient& rule_of(const OpSchema& s, int i) { return s.gradient[s.same_gradient_for_all ? 0 : i]; }

[[noreturn]] PLUGRAD_COLD void no_rule(const OpSchema& s, int i) {
  throw Error(
      rule_of(s, i).kernel_only
          ? fmt::format("{}: its gradient in input {} is a kernel without a composition, and can't be "
                        "differentiated again",
                        s.name, i)
          : fmt::format("{}: not differentiable in input {}", s.name, i));
}

}  // namespace

void Recording::propagate(Node& n, bool recorded) {
  if (!n.op) {  // an inner leaf, seen by the outer walk
    Array dy = std::move(n.out()[0].grad);
    if (dy && n.in()[0].parent) accumulate(n.in()[0], std::move(dy), recorded);
    return;
  }
  detail::SmallArray<Array, 4> dy(n.n_out);
  bool any = false;
  for (int k = 0; k < n.n_out; ++k) {
    dy[k] = std::move(n.out()[k].grad);
    any |= static_cast<bool>(dy[k]);
  }
  if (!any) return;  // the result does not depend on this node
  const Row& op = *n.op;
  const detail::ProfiledCall profiled(t_, op, true);
  if (op.schema->differentiability != Differentiability::differentiable) [[unlikely]]
    throw Error(fmt::format("{}: has no gradient; detach its input, or keep it out of the function",
                            op.schema->name));
  check_versions(n);
  if (n.custom) [[unlikely]]
    return propagate_custom(n, dy[0], recorded);
  if (op.sparse_gradient && !recorded && propagate_sparsely(n, dy.data())) return;
  plugrad_kernel kernel =
      op.gradient[first_of(dy.data(), n.n_out).device().backend].load(std::memory_order_relaxed);
  if (kernel && !recorded && !t_.compose_gradients) propagate_by_kernel(n, kernel, dy.data());
  else propagate_by_composition(n, dy.data(), recorded);
}

void Recording::propagate_custom(Node& n, const Array& dy, bool recorded) {
  std::vector<Array> g = n.custom->rule(dy);
  if (g.size() != n.n_in)
    throw ShapeError(fmt::format("custom_gradient: {} gradients for {} inputs", g.size(), n.n_in));
  for (int i = 0; i < n.n_in; ++i) {
    Array& gi = g[static_cast<size_t>(i)];
    if (!gi || !wanted(n.in()[i], recorded)) continue;
    unbroadcast(gi, n.in()[i]);
    accumulate(n.in()[i], std::move(gi), recorded);
  }
}

// The gradient of a parameter of which a few rows were read: these alone.
bool Recording::propagate_sparsely(Node& n, const Array* dy) {
  const NodeInput& e = n.in()[0];
  const bool to_parameter = e.parent && !e.parent->op && outermost_ && !t_.compose_gradients;
  if (!to_parameter) return false;
  Array g = n.op->schema->gradient[0].sparse(Gradient(n, dy, 0));
  if (!g) return false;
  accumulate(e, std::move(g), false);
  return true;
}

void Recording::propagate_by_composition(Node& n, const Array* dy, bool recorded) {
  const OpSchema& s = *n.op->schema;
  detail::SmallArray<Array, 4> filled(n.n_out > 1 ? n.n_out : 0);
  if (n.n_out > 1) {  // compositions see zeros where a kernel sees null
    const Device device = first_of(dy, n.n_out).device();
    for (int k = 0; k < n.n_out; ++k) {
      const NodeOutput& o = n.out()[k];
      filled[k] = dy[k] || !o.shape ? dy[k] : detail::call_full(*o.shape, 0.0, o.dtype, device);
    }
    dy = filled.data();
  }
  for (int i = 0; i < n.n_in; ++i) {
    const NodeInput& e = n.in()[i];
    if (!wanted(e, recorded)) continue;
    const InputGradient& rule = rule_of(s, i);
    if (!rule.composition) no_rule(s, i);
    Array g = rule.composition(Gradient(n, dy, i));
    if (n.op->broadcasts) unbroadcast(g, e);
    accumulate(e, std::move(g), recorded);
  }
}

// Memory for the gradient in one input: of the input's shape, or of the output's where the core adds it up
// after.
Array Recording::empty_gradient(const Row& op, const NodeInput& e, const Array& dy) const {
  if (!op.broadcasts && e.shape)
    return Array::empty(t_, e.shape->data(), e.shape->ndim(), dy.dtype(), dy.device());
  if (!op.broadcasts && e.saved)
    return Array::empty(t_, e.saved.dims(), e.saved.ndim(), dy.dtype(), dy.device());
  return Array::empty(t_, dy.dims(), dy.ndim(), dy.dtype(), dy.device());
}

void Recording::propagate_by_kernel(Node& n, plugrad_kernel kernel, const Array* dy) {
  const Row& op = *n.op;
  const Array& first = first_of(dy, n.n_out);
  detail::TensorList ins(n.n_in), dins(n.n_in), outs(n.n_out), douts(n.n_out);
  detail::SmallArray<Array, 4> din(n.n_in);
  for (int k = 0; k < n.n_out; ++k) {
    outs[k] = n.out()[k].saved ? &n.out()[k].saved.tensor() : nullptr;
    douts[k] = dy[k] ? &dy[k].tensor() : nullptr;
  }
  for (int i = 0; i < n.n_in; ++i) {
    const NodeInput& e = n.in()[i];
    ins[i] = e.saved ? &e.saved.tensor() : nullptr;
    dins[i] = nullptr;
    if (!e.parent) continue;
    const InputGradient& rule = rule_of(*op.schema, i);
    if (!rule.composition && !rule.kernel_only) [[unlikely]]
      no_rule(*op.schema, i);
    din[i] = empty_gradient(op, e, first);
    dins[i] = &din[i].tensor();
  }
  const plugrad_call call{sizeof(plugrad_call), n.n_in,       n.n_out,     n.n_attr, 0,          ins.data(),
                          outs.data(),          douts.data(), dins.data(), n.attr(), &t_.context};
  detail::run(t_, op, first.device(), kernel, call);
  for (int i = 0; i < n.n_in; ++i) {
    if (!din[i]) continue;
    if (op.broadcasts) unbroadcast(din[i], n.in()[i]);
    accumulate(n.in()[i], std::move(din[i]), false);
  }
}

// Borrow the first, allocate for the second, add in place after. "Is it ours to write?" is the reference
// count's answer: a sole owner may be written, whatever the history.
void Recording::accumulate(const NodeInput& e, Array g, bool recorded) {
  Array& sum = e.parent->out()[e.parent_output].grad;
  if (!sum) {
    sum = std::move(g);
    return;
  }
  if (is_row_sparse(sum) || is_row_sparse(g)) [[unlikely]] {
    sum = detail::add_row_sparse(std::move(sum), g);
    return;
  }
  const Row& add = detail::core_ops().add;
  const ArrayRef in[] = {sum, g};
  plugrad_kernel kernel = add.forward[g.device().backend].load(std::memory_order_relaxed);
  if (recorded || !kernel || !sum.unique() || !sum.contiguous()) {
    Array total;
    dispatch(add, in, 2, nullptr, 0, &total, 1);
    sum = std::move(total);
    return;
  }
  const DLTensor* ins[] = {&sum.tensor(), &g.tensor()};
  const plugrad_call call{sizeof(plugrad_call), 2, 1, 0, 0, ins, ins, nullptr, nullptr, nullptr, &t_.context};
  detail::run(t_, add, g.device(), kernel, call);
}

Array Array::to(Device device) const {
  if (!body_) throw Error("to: an empty array");
  if (device == this->device()) return *this;
  const Array source = detail::call_copy(detach());
  Array result = empty(shape(), dtype(), device);
  const size_t bytes = static_cast<size_t>(size()) * size_of(dtype());
  if (bytes && detail::on_host(device)) {
    source.bytes_into(result.raw());
  } else if (bytes) {
    std::vector<char> staged;
    const void* from = source.raw();
    if (!detail::on_host(source.device())) {
      staged.resize(bytes);
      source.bytes_into(staged.data());
      from = staged.data();
    }
    detail::copy_bytes(*result.storage(), result.raw(), from, bytes, PLUGRAD_HOST_TO_DEVICE);
  }
  const ArrayRef in[] = {*this};
  detail::record_custom(in, result,
                        [back = this->device()](const Array& dy) { return std::vector<Array>{dy.to(back)}; });
  return result;
}

}  // namespace plugrad
