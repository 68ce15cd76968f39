#include "plugrad/core/row_sparse.h"

#include <fmt/format.h>

#include <mutex>

#include "plugrad/core/core_ops.h"
#include "plugrad/core/tape.h"

namespace plugrad {

namespace detail {

namespace {

// Stands where other arrays have their memory; goes with the last handle like them.
struct SparseStorage : Storage {
  std::vector<SparseRows> parts;
  int64_t n_rows = 0;
  std::once_flag made_dense;
  Array dense;
};

SparseStorage& storage_of(const Array& x) { return *static_cast<SparseStorage*>(x.storage()); }

SparseStorage* new_storage(Device device) {
  auto* s = new SparseStorage;
  s->refs.set(1);
  s->version = 0;
  s->writer = nullptr;
  s->data = nullptr;
  s->bytes = 0;
  s->bin = no_bin;
  s->device = device;
  s->release = [](Storage* p) { delete static_cast<SparseStorage*>(p); };
  return s;
}

void add_part(SparseStorage& s, const SparseRows& part) {
  s.parts.push_back(part);
  s.n_rows += part.index.size();
}

Array concatenate(const std::vector<SparseRows>& parts, Array SparseRows::*member) {
  if (parts.size() == 1) return parts[0].*member;
  std::vector<ArrayRef> in;
  for (const SparseRows& p : parts) in.emplace_back(p.*member);
  const Value axis[] = {0};
  Array out;
  dispatch(get_op("concat"), in.data(), static_cast<int>(in.size()), axis, 1, &out, 1);
  return out;
}

// In place.
void add_rows(Array& x, const SparseRows& r) {
  const ArrayRef in[] = {r.index, r.rows};
  const Axes first = 0;  // a Value only borrows it
  const Value attr[] = {first, 0};
  dispatch_in_place(get_op("index_add"), x, in, attr);
}

Array make_dense(const Array& x) {
  const NoGrad off;
  Array d = call_full(x.shape(), 0, x.dtype(), x.device());
  for (const SparseRows& p : storage_of(x).parts) add_rows(d, p);
  return d;
}

const Array& dense_of(const Array& x) {
  SparseStorage& s = storage_of(x);
  std::call_once(s.made_dense, [&] { s.dense = make_dense(x); });
  return s.dense;
}

void check(const Shape& shape, const SparseRows& r) {
  const auto fits = [&] {
    if (!r.index || !r.rows || r.index.ndim() != 1 || r.rows.ndim() != shape.ndim() || shape.ndim() == 0)
      return false;
    for (int k = 1; k < shape.ndim(); ++k)
      if (r.rows.dims()[k] != shape[k]) return false;
    return r.rows.dims()[0] == r.index.dims()[0];
  };
  if (!fits()) throw ShapeError(fmt::format("row_sparse: the rows do not fit into {}", to_string(shape)));
  if (!is_integer(r.index.dtype()) || !is_floating(r.rows.dtype()))
    throw DTypeError("row_sparse: needs integer indices and floating rows");
  if (!(r.index.device() == r.rows.device()))
    throw DeviceError("row_sparse: indices and rows on different devices");
}

}  // namespace

char* dense_data(const Array& x) {
  const DLTensor& t = dense_of(x).tensor();
  return static_cast<char*>(t.data) + t.byte_offset;
}

void become_dense(Body& body, const Array& x) {
  const Array d = dense_of(x);
  Storage* const sparse = body.storage;
  d.storage()->refs.up();
  body.storage = d.storage();
  body.view.data = d.tensor().data;
  body.view.byte_offset = d.tensor().byte_offset;
  body.contiguous = true;
  body.epoch = 0;
  release(sparse);
}

Array add_row_sparse(Array x, const Array& y) {
  if (is_row_sparse(x) && is_row_sparse(y)) {
    const int64_t rows = storage_of(x).n_rows + storage_of(y).n_rows;
    if (worth_sparse_rows(rows, x.dims()[0])) {
      Array sum = Array::from_storage(x.shape(), x.dtype(), new_storage(x.device()));
      for (const Array* a : {&std::as_const(x), &y})
        for (const SparseRows& p : storage_of(*a).parts) add_part(storage_of(sum), p);
      return sum;
    }
  }
  const Array a = dense(x), b = dense(y);
  const ArrayRef in[] = {a, b};
  Array sum;
  dispatch(core_ops().add, in, 2, nullptr, 0, &sum, 1);
  return sum;
}

}  // namespace detail

Array row_sparse(const Shape& shape, const SparseRows& rows) {
  detail::check(shape, rows);
  Array x = Array::from_storage(shape, rows.rows.dtype(), detail::new_storage(rows.rows.device()));
  detail::add_part(detail::storage_of(x), {rows.index.detach(), rows.rows.detach()});
  return x;
}

SparseRows sparse_rows(const Array& x) {
  if (!is_row_sparse(x)) throw Error("sparse_rows: the array is not row-sparse");
  const NoGrad off;
  const auto& parts = detail::storage_of(x).parts;
  return {detail::concatenate(parts, &SparseRows::index), detail::concatenate(parts, &SparseRows::rows)};
}

Array dense(const Array& x) { return is_row_sparse(x) ? detail::dense_of(x) : x; }

}  // namespace plugrad
