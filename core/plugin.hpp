// What a kernel author writes against: a header-only C++17 layer over abi.h, without link dependencies.
//
// A kernel is a function `void relu(const Call&)`; PLUGRAD_KERNELS(relu, relu, relu_gradient) puts it into
// the table of the plugin it is compiled into. The tables are constant data in a section of the file: nothing
// runs before plugrad_init does.
#pragma once

#include <cstdint>
#include <exception>
#include <new>
#include <string>

#include "plugrad/core/abi.h"

namespace plugrad::plugin {

// Thrown by a kernel or an init function; becomes a status and a message at the boundary.
class Failure : public std::exception {
 public:
  Failure(plugrad_status status, std::string message) : status_(status), message_(std::move(message)) {}
  plugrad_status status() const noexcept { return status_; }
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  plugrad_status status_;
  std::string message_;
};

inline int64_t size(const DLTensor& t) {
  int64_t n = 1;
  for (int i = 0; i < t.ndim; ++i) n *= t.shape[i];
  return n;
}

// Row-major without gaps. Axes of length 1 may have any stride.
inline bool contiguous(const DLTensor& t) {
  int64_t expected = 1;
  for (int i = t.ndim; i-- > 0; expected *= t.shape[i])
    if (t.shape[i] != 1 && t.strides[i] != expected) return false;
  return true;
}

inline bool same_shape(const DLTensor& a, const DLTensor& b) {
  if (a.ndim != b.ndim) return false;
  for (int i = 0; i < a.ndim; ++i)
    if (a.shape[i] != b.shape[i]) return false;
  return true;
}

// The first element. The caller has the dtype right.
template <class T>
T* data(const DLTensor& t) {
  return reinterpret_cast<T*>(static_cast<char*>(t.data) + t.byte_offset);
}

// Calls f(T{}) with the C++ type of `dtype`, for the types named.
template <class T>
struct Type {
  using type = T;
};
inline bool is(DLDataType d, uint8_t code, uint8_t bits) { return d.code == code && d.bits == bits; }

template <class F>
void with_floating(DLDataType d, F&& f) {
  if (is(d, kDLFloat, 32)) return f(Type<float>{});
  if (is(d, kDLFloat, 64)) return f(Type<double>{});
  throw Failure(PLUGRAD_BAD_DTYPE, "this backend has no kernel for the dtype");
}
template <class F>
void with_integer(DLDataType d, F&& f) {
  if (is(d, kDLInt, 32)) return f(Type<int32_t>{});
  if (is(d, kDLInt, 64)) return f(Type<int64_t>{});
  throw Failure(PLUGRAD_BAD_DTYPE, "this backend has no kernel for the dtype");
}
template <class F>
void with_number(DLDataType d, F&& f) {
  if (d.code == kDLFloat) return with_floating(d, f);
  return with_integer(d, f);
}
template <class F>
void with_any(DLDataType d, F&& f) {
  if (is(d, PLUGRAD_DL_BOOL, 8)) return f(Type<bool>{});
  return with_number(d, f);
}

// One call, as a kernel sees it.
class Call {
 public:
  explicit Call(const plugrad_call& c) : c_(c) {}

  int n_in() const { return c_.n_in; }
  int n_out() const { return c_.n_out; }
  const DLTensor& in(int i) const { return *c_.in[i]; }
  const DLTensor& out(int i = 0) const { return *c_.out[i]; }
  bool has_dout(int i) const { return c_.dout[i] != nullptr; }
  const DLTensor& dout(int i = 0) const { return *c_.dout[i]; }
  bool wants(int i) const { return c_.din[i] != nullptr; }  // is the gradient of input i wanted?
  const DLTensor& din(int i) const { return *c_.din[i]; }

  int n_attr() const { return c_.n_attr; }
  double real(int i) const { return c_.attr[i].as.f; }
  int64_t integer(int i) const { return c_.attr[i].as.i; }
  int count(int i) const { return c_.attr[i].count; }
  const int64_t* integers(int i) const { return c_.attr[i].as.ints; }

  int threads() const { return c_.context->threads; }
  void* stream() const { return c_.context->stream; }
  // `n` uninitialised elements of device memory, aligned to 64 bytes, gone when the kernel is done.
  template <class T>
  T* workspace(int64_t n) const {
    void* p = c_.context->workspace(c_.context->self, static_cast<size_t>(n) * sizeof(T));
    if (!p) throw Failure(PLUGRAD_OUT_OF_MEMORY, "no memory for a kernel's workspace");
    return static_cast<T*>(p);
  }

 private:
  const plugrad_call& c_;
};

// The guard: no exception leaves the plugin.
template <void (*Kernel)(const Call&)>
int32_t guarded(const plugrad_call* c) noexcept {
  try {
    Kernel(Call(*c));
    return PLUGRAD_OK;
  } catch (const Failure& e) {
    c->context->fail(c->context->self, e.what());
    return e.status();
  } catch (const std::bad_alloc&) {
    c->context->fail(c->context->self, "out of host memory");
    return PLUGRAD_OUT_OF_MEMORY;
  } catch (const std::exception& e) {
    c->context->fail(c->context->self, e.what());
  } catch (...) {
    c->context->fail(c->context->self, "unknown exception");
  }
  return PLUGRAD_FAILED;
}

// One cell of the table.
struct Cell {
  const char* op;
  plugrad_kernel forward, gradient;
};

}  // namespace plugrad::plugin

// The linker names the bounds of a section whose name is an identifier; weak: null where there are no cells.
extern "C" {
extern const plugrad::plugin::Cell* __start_plugrad_cells[] __attribute__((weak, visibility("hidden")));
extern const plugrad::plugin::Cell* __stop_plugrad_cells[] __attribute__((weak, visibility("hidden")));
}

namespace plugrad::plugin {
inline int32_t add_all_kernels(const plugrad_host* host) {
  for (const Cell** c = __start_plugrad_cells; c != __stop_plugrad_cells; ++c)
    if (int32_t status = host->add_kernel(host->self, (*c)->op, (*c)->forward, (*c)->gradient)) return status;
  return PLUGRAD_OK;
}
}  // namespace plugrad::plugin

// The section holds pointers: compilers pad larger objects, and the walk over them would meet the gaps.
#define PLUGRAD_CELL_(op, forward, gradient)                                          \
  static const plugrad::plugin::Cell plugrad_cell_of_##op = {#op, forward, gradient}; \
  [[gnu::section("plugrad_cells"), gnu::used,                                         \
    maybe_unused]] static const plugrad::plugin::Cell* plugrad_entry_of_##op = &plugrad_cell_of_##op

// The kernels of one op: functions `void(const plugrad::plugin::Call&)`.
#define PLUGRAD_KERNELS(op, forward, gradient) \
  PLUGRAD_CELL_(op, &plugrad::plugin::guarded<&forward>, &plugrad::plugin::guarded<&gradient>)
// For an op without a gradient, or whose schema says that the composition is as good as a kernel.
#define PLUGRAD_FORWARD(op, forward) PLUGRAD_CELL_(op, &plugrad::plugin::guarded<&forward>, nullptr)

#define PLUGRAD_TEXT_(x) #x
#define PLUGRAD_TEXT(x) PLUGRAD_TEXT_(x)
#define PLUGRAD_EXPORT __attribute__((visibility("default")))

// What a backend's entry file says, once, at global scope: its name (an identifier), its version (text), the
// op set that it claims to fill (text), and a function `int32_t(const plugrad_host*)` that is called before
// the kernels are handed over, or nullptr.
//
// The static twins keep programs right that link several backends directly: there, the exported names of one
// library would win over those of the others.
#define PLUGRAD_BACKEND(name, version, op_set, prepare)                                            \
  extern "C" {                                                                                     \
  [[gnu::section(PLUGRAD_MANIFEST_SECTION),                                                        \
    gnu::used]] static const char plugrad_own_manifest[] __asm__("plugrad_own_manifest") =         \
      "{\"plugrad\": \"backend\", \"name\": \"" #name "\", \"version\": \"" version                \
      "\", \"abi_major\": " PLUGRAD_TEXT(PLUGRAD_ABI_MAJOR) ", \"abi_minor\": " PLUGRAD_TEXT(      \
          PLUGRAD_ABI_MINOR) ", \"op_set\": \"" op_set "\"}";                                      \
  static int32_t plugrad_own_init(const plugrad_host* host) {                                      \
    int32_t (*prepare_)(const plugrad_host*) = prepare;                                            \
    if (prepare_)                                                                                  \
      if (int32_t status = prepare_(host)) return status;                                          \
    return plugrad::plugin::add_all_kernels(host);                                                 \
  }                                                                                                \
  PLUGRAD_EXPORT extern const char plugrad_manifest[sizeof(plugrad_own_manifest)]                  \
      __attribute__((alias("plugrad_own_manifest")));                                              \
  PLUGRAD_EXPORT int32_t plugrad_init(const plugrad_host* host) { return plugrad_own_init(host); } \
  PLUGRAD_EXPORT extern const plugrad_plugin plugrad_##name##_plugin;                              \
  const plugrad_plugin plugrad_##name##_plugin = {sizeof(plugrad_plugin), plugrad_own_manifest,    \
                                                  &plugrad_own_init};                              \
  }
