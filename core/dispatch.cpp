#include "plugrad/core/dispatch.h"

#include <fmt/format.h>

#include "plugrad/core/core_ops.h"
#include "plugrad/core/kernel_call.h"
#include "plugrad/core/row_sparse.h"
#include "plugrad/core/tape.h"

namespace plugrad {

using detail::ThreadState;

namespace {

PLUGRAD_COLD void check_counts(const Row& op, const ArrayRef* in, int n_in, int n_attr, int n_out) {
  const OpSchema& s = *op.schema;
  if (s.n_in >= 0 ? n_in != s.n_in : n_in < -s.n_in || n_in > max_inputs)
    throw ShapeError(fmt::format("{}: takes {}{} inputs, got {}", s.name, s.n_in < 0 ? "at least " : "",
                                 std::abs(s.n_in), n_in));
  if (n_attr != op.n_attr)
    throw Error(fmt::format("{}: takes {} attributes, got {}", s.name, op.n_attr, n_attr));
  if (s.n_out > 0 ? n_out != s.n_out : n_out < 1 || n_out > max_outputs)
    throw ShapeError(fmt::format("{}: can't give {} outputs", s.name, n_out));
  for (int i = 0; i < n_in; ++i)
    if (!*in[i]) throw Error(fmt::format("{}: input {} is an empty array", s.name, i));
}

[[noreturn]] PLUGRAD_COLD void dtype_error(const Row& op, const ArrayRef* in, int n_in) {
  std::string dtypes;
  for (int i = 0; i < n_in; ++i) dtypes += fmt::format("{}{}", i ? ", " : "", name(in[i]->dtype()));
  throw DTypeError(fmt::format("{}: not defined for {}", op.schema->name, dtypes));
}

PLUGRAD_COLD void check_devices(const Row& op, const ArrayRef* in, int n_in) {
  for (int i = 1; i < n_in; ++i)
    if (!(in[i]->device() == in[0]->device()))
      throw DeviceError(fmt::format("{}: operands on {} and {}; move one with .to(device)", op.schema->name,
                                    to_string(in[0]->device()), to_string(in[i]->device())));
}

PLUGRAD_COLD void check_tapes(const Row& op, const ThreadState& t, const ArrayRef* in, int n_in) {
  for (int i = 0; i < n_in; ++i) {
    const uint64_t e = in[i]->epoch();
    if (e > detail::not_recording && e != t.tape_epoch.load(std::memory_order_relaxed) &&
        detail::is_live_epoch(e))
      throw Error(fmt::format("{}: input {} is being recorded by another thread; detach it there first",
                              op.schema->name, i));
  }
}

// The dtype that the rule casts all inputs to; throws where it does not cast.
DType common_dtype(const Row& op, const ArrayRef* in, int n_in) {
  DType d = in[0]->dtype();
  for (int i = 1; i < n_in; ++i) d = promote(d, in[i]->dtype());
  if (op.dtype_rule == DTypeRule::promote_floating && !is_floating(d)) d = float32;
  if (op.dtype_rule == DTypeRule::same || !(op.dtypes & set_of(d))) dtype_error(op, in, n_in);
  return d;
}

// Row-sparse inputs with all their elements, and the call made with these; false: there are none.
PLUGRAD_COLD bool call_with_dense(const Row& op, const ArrayRef* in, int n_in, const Value* attr, int n_attr,
                                  Array* out, int n_out, Device device) {
  if (std::none_of(in, in + n_in, [](const ArrayRef& a) { return is_row_sparse(*a); })) return false;
  std::vector<Array> all;
  for (int i = 0; i < n_in; ++i) all.push_back(dense(*in[i]));
  const std::vector<ArrayRef> refs(all.begin(), all.end());
  dispatch(op, refs.data(), n_in, attr, n_attr, out, n_out, device);
  return true;
}

// Off the fast path: devices, tapes of other threads, dtypes. True: the call was made with other inputs,
// dense or cast.
PLUGRAD_COLD bool check_operands(ThreadState& t, const Row& op, const ArrayRef* in, int n_in,
                                 const Value* attr, int n_attr, Array* out, int n_out, Device device) {
  check_counts(op, in, n_in, n_attr, n_out);
  if (call_with_dense(op, in, n_in, attr, n_attr, out, n_out, device)) return true;
  check_devices(op, in, n_in);
  check_tapes(op, t, in, n_in);
  if (op.dtype_rule == DTypeRule::separate) {
    for (int i = 0; i < n_in; ++i)
      if (!(op.schema->dtypes[std::min(i, max_differentiable_inputs - 1)] & set_of(in[i]->dtype())))
        dtype_error(op, in, n_in);
    return false;
  }
  if (n_in == 0) {
    if (device.backend >= max_backends)
      throw DeviceError(fmt::format("{}: no backend has number {}", op.schema->name, device.backend));
    return false;
  }
  bool same = true;
  for (int i = 1; i < n_in; ++i) same &= in[i]->dtype() == in[0]->dtype();
  if (same && (op.dtypes & set_of(in[0]->dtype()))) return false;

  const DType d = common_dtype(op, in, n_in);
  std::vector<Array> cast;
  cast.reserve(static_cast<size_t>(n_in));
  for (int i = 0; i < n_in; ++i) cast.push_back(in[i]->dtype() == d ? *in[i] : detail::call_cast(*in[i], d));
  std::vector<ArrayRef> refs(cast.begin(), cast.end());
  dispatch(op, refs.data(), n_in, attr, n_attr, out, n_out, device);
  return true;
}

[[noreturn]] PLUGRAD_COLD void no_kernel(const Row& op, Device device) {
  std::string have;
  for (int b = 0; b < detail::n_backends(); ++b)
    if (op.forward[b].load(std::memory_order_relaxed))
      have += fmt::format("{}{}", have.empty() ? "" : ", ", detail::backend(static_cast<BackendId>(b)).name);
  const std::string& backend = detail::backend(device.backend).name;
  if (!is_loaded(backend))
    throw DeviceError(fmt::format("{}: backend {} is not loaded", op.schema->name, backend));
  throw DeviceError(fmt::format("{}: backend {} has no kernel for it; these have: {}", op.schema->name,
                                backend, have.empty() ? "none" : have));
}

// One op with its shapes known: allocates, runs, records.
struct Run {
  ThreadState& t;
  const Row& op;
  const ArrayRef* in;
  int n_in;
  const Value* attr;
  int n_attr;
  Array* out;
  int n_out;
  Device device;

  void view(Inference::Output* inferred) const {
    for (int k = 0; k < n_out; ++k)
      out[k] = in[0]->view(inferred[k].shape.data(), inferred[k].strides, inferred[k].shape.ndim(),
                           inferred[k].offset);
  }
  void kernel(plugrad_kernel forward, Inference::Output* inferred) const {
    detail::TensorList ins(n_in), outs(n_out);
    for (int k = 0; k < n_out; ++k) {
      out[k] = Array::empty(t, inferred[k].shape.data(), inferred[k].shape.ndim(), inferred[k].dtype, device);
      outs[k] = &out[k].tensor();
    }
    for (int i = 0; i < n_in; ++i) ins[i] = &in[i]->tensor();
    const plugrad_call call{sizeof(plugrad_call),
                            static_cast<uint16_t>(n_in),
                            static_cast<uint16_t>(n_out),
                            static_cast<uint16_t>(n_attr),
                            0,
                            ins.data(),
                            outs.data(),
                            nullptr,
                            nullptr,
                            attr,
                            &t.context};
    detail::run(t, op, device, forward, call);
  }
};

}  // namespace

void dispatch(const Row& op, const ArrayRef* in, int n_in, const Value* attr, int n_attr, Array* out,
              int n_out, Device device) {
  ThreadState& t = detail::thread_state();
  const detail::ProfiledCall profiled(t, op, false);
  bool tracked = false, unusual = n_in != op.n_in || n_attr != op.n_attr || n_out != op.n_out || n_out < 1;
  if (!unusual && n_in > 0 && *in[0]) {
    const Array& first = *in[0];
    device = first.device();
    unusual = !(op.dtypes & set_of(first.dtype()));
    const uint64_t tape = t.tape_epoch.load(std::memory_order_relaxed);
    for (int i = 0; i < n_in; ++i) {
      const Array& a = *in[i];
      if (!a) [[unlikely]] {
        unusual = true;
        break;
      }
      const uint64_t epoch = a.epoch();
      tracked |= epoch == t.epoch;
      unusual |= epoch > detail::not_recording && epoch != tape;
      unusual |= a.dtype() != first.dtype();
      unusual |= !(a.device() == device);
    }
  } else if (n_in > 0 || device.backend >= max_backends) {
    unusual = true;
  }
  if (unusual) [[unlikely]] {
    if (check_operands(t, op, in, n_in, attr, n_attr, out, n_out, device)) return;
    if (n_in > 0) device = in[0]->device();
    for (int i = 0; i < n_in; ++i) tracked |= in[i]->epoch() == t.epoch;
  }

  detail::SmallArray<Inference::Output, 4> inferred(n_out);
  Inference inference(*op.schema, in, n_in, attr, inferred.data(), n_out);
  op.infer(inference);

  const Run run{t, op, in, n_in, attr, n_attr, out, n_out, device};
  if (op.kind == OpKind::view) {
    run.view(inferred.data());
  } else if (plugrad_kernel forward = op.forward[device.backend].load(std::memory_order_relaxed)) [[likely]] {
    run.kernel(forward, inferred.data());
  } else if (op.schema->composition) {
    op.schema->composition(Composition(in, n_in, attr, out));  // its ops record themselves
    return;
  } else {
    no_kernel(op, device);
  }
  if (tracked && op.records) detail::record(t, op, in, n_in, out, n_out, attr, n_attr);
}

namespace {
bool same_view(const Array& a, const Array& b) {
  return a.shape() == b.shape() && a.tensor().byte_offset == b.tensor().byte_offset && a.contiguous() &&
         b.contiguous();
}
}  // namespace

Array Op::operator()(std::span<const Array> in, std::initializer_list<Value> attr) const {
  const std::vector<ArrayRef> refs(in.begin(), in.end());
  Array out;
  dispatch(row_, refs.data(), static_cast<int>(refs.size()), attr.begin(), static_cast<int>(attr.size()),
           &out, 1);
  return out;
}

namespace {

// Do elements share their place in memory? Right for any view that ops make: a step along an axis must lead
// beyond what the axes of shorter steps reach together.
bool overlaps_itself(const Array& x) {
  if (x.contiguous() || x.size() <= 1) return false;
  const auto step = [&x](int k) { return std::abs(x.strides()[k]); };
  for (int k = 0; k < x.ndim(); ++k) {
    int64_t reach = 0;
    for (int j = 0; j < x.ndim(); ++j)
      if (step(j) < step(k) || (step(j) == step(k) && j < k)) reach += step(j) * (x.dims()[j] - 1);
    if (x.dims()[k] > 1 && step(k) <= reach) return true;
  }
  return false;
}

std::string origin(const Node& n) {
  return n.op ? fmt::format("the result of {}", n.op->schema->name) : "an argument of grad";
}

// Casts nothing: what is written over keeps its dtype.
void check_dtypes_in_place(const Row& op, const ArrayRef* in, int n_in) {
  const bool separate = op.dtype_rule == DTypeRule::separate;
  for (int i = 0; i < n_in; ++i) {
    const DType d = in[i]->dtype();
    if (!(op.schema->dtypes[separate ? i : 0] & set_of(d)) || (!separate && d != in[0]->dtype()))
      dtype_error(op, in, n_in);
  }
}

}  // namespace

void check_overwritable(const Row& op, const Array& target) {
  if (!target) throw Error(fmt::format("{}: an empty array", op.schema->name));
  if (target.epoch() == detail::thread_state().tape_epoch.load(std::memory_order_relaxed))
    throw Error(fmt::format("{}: can't overwrite {}, which is being recorded; do it outside grad, or detach",
                            op.schema->name, origin(*target.node())));
  if (overlaps_itself(target))
    throw Error(fmt::format("{}: can't overwrite a view of shape {} that repeats elements; copy it first",
                            op.schema->name, to_string(target.shape())));
}

void dispatch_in_place(const Row& op, Array& target, std::span<const ArrayRef> rest,
                       std::span<const Value> attr) {
  ThreadState& t = detail::thread_state();
  const char* const op_name = op.schema->name;
  std::array<ArrayRef, 4> refs{target, target, target, target};
  if (rest.size() >= refs.size()) throw Error(fmt::format("{}: too many inputs", op_name));
  std::copy(rest.begin(), rest.end(), refs.begin() + 1);
  const int n_in = static_cast<int>(rest.size()) + 1, n_attr = static_cast<int>(attr.size());
  check_counts(op, refs.data(), n_in, n_attr, 1);
  std::array<Array, 4> copies;  // of operands that are row-sparse, or look at the target's storage otherwise
  if (is_row_sparse(target)) target.overwritten_by(&op);  // which makes it dense
  for (size_t i = 1; i < static_cast<size_t>(n_in); ++i)
    if (is_row_sparse(*refs[i])) refs[i] = copies[i] = dense(*refs[i]);
  check_devices(op, refs.data(), n_in);
  check_tapes(op, t, refs.data(), n_in);
  check_overwritable(op, target);
  check_dtypes_in_place(op, refs.data(), n_in);
  for (size_t i = 1; i < static_cast<size_t>(n_in); ++i)
    if (refs[i]->storage() == target.storage() && !same_view(*refs[i], target)) {
      copies[i] = detail::call_copy(*refs[i]);
      refs[i] = copies[i];
    }
  if (!op.schema->strided_in_place && !target.contiguous())
    throw ShapeError(fmt::format("{}: can't overwrite a view that is not contiguous", op_name));

  Inference::Output inferred;
  Inference inference(*op.schema, refs.data(), n_in, attr.data(), &inferred, 1);
  op.infer(inference);
  if (!(inferred.shape == target.shape()))
    throw ShapeError(fmt::format("{}: the result has shape {}, which does not fit into {}", op_name,
                                 to_string(inferred.shape), to_string(target.shape())));
  const Device device = target.device();
  plugrad_kernel forward = op.forward[device.backend].load(std::memory_order_relaxed);
  if (!forward) no_kernel(op, device);
  detail::TensorList ins(n_in);
  for (int i = 0; i < n_in; ++i) ins[i] = &refs[static_cast<size_t>(i)]->tensor();
  const DLTensor* outs[] = {&target.tensor()};
  const plugrad_call call{sizeof(plugrad_call),
                          static_cast<uint16_t>(n_in),
                          1,
                          static_cast<uint16_t>(n_attr),
                          0,
                          ins.data(),
                          outs,
                          nullptr,
                          nullptr,
                          attr.data(),
                          &t.context};
  target.overwritten_by(&op);
  detail::run(t, op, device, forward, call);
}

}  // namespace plugrad
