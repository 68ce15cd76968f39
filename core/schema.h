// A row of the table: everything that is known about an op besides its kernels.
#pragma once

#include <initializer_list>
#include <string>

#include "plugrad/core/array.h"

namespace plugrad {

struct OpSchema;

inline constexpr int max_differentiable_inputs = 16, max_outputs = 255, max_inputs = 1024,
                     max_attributes = 12;

// An attribute as user functions pass it on; arrays of integers are borrowed for the call.
struct Value : plugrad_value {
  template <class T>
    requires std::is_integral_v<T> || std::is_enum_v<T>
  Value(T v) : plugrad_value{PLUGRAD_INT, 1, {.i = static_cast<int64_t>(v)}} {}
  Value(double v) : plugrad_value{PLUGRAD_REAL, 1, {.f = v}} {}
  Value(const Shape& s) : plugrad_value{PLUGRAD_INTS, s.ndim(), {.ints = s.data()}} {}
  Value(const Axes& a) : plugrad_value{PLUGRAD_INTS, a.size(), {.ints = a.data()}} {}
  Value(const int64_t* v, int n) : plugrad_value{PLUGRAD_INTS, n, {.ints = v}} {}
};

// An input as user functions pass it on.
struct ArrayRef {
  const Array* array;
  ArrayRef(const Array& a) : array(&a) {}
  const Array& operator*() const { return *array; }
  const Array* operator->() const { return array; }
};

// What a shape rule sees, and fills in: shape and dtype of each output; for views also strides and offset.
class PLUGRAD_PUBLIC Inference {
 public:
  struct Output {
    Shape shape;
    DType dtype;
    int64_t strides[max_ndim];  // views only, in elements
    int64_t offset;             // views only, in elements from the input's first
    Output() {}                 // uninitialised: only the axes in use are written and read
  };

  Inference(const OpSchema& op, const ArrayRef* in, int n_in, const Value* attr, Output* out, int n_out)
      : op_(op), in_(in), attr_(attr), out_(out), n_in_(n_in), n_out_(n_out) {}

  const Array& in(int i) const { return *in_[i]; }
  int n_in() const { return n_in_; }
  int n_out() const { return n_out_; }
  Output& out(int i = 0) { return out_[i]; }

  double real(int i) const { return attr_[i].as.f; }
  int64_t integer(int i) const { return attr_[i].as.i; }
  const int64_t* integers(int i) const { return attr_[i].as.ints; }
  int count(int i) const { return attr_[i].count; }
  // Attribute i as a shape, checked.
  Shape shape(int i) const;
  // Attribute i as an axis of input `input`, counted from the front; ShapeError where out of range.
  int axis(int i, int input = 0) const;
  // The same for a list of axes: one bit each; ShapeError for a repeated one. Empty: all axes.
  uint32_t axes(int i, int input = 0) const;

  // Throws ShapeError: the op's name, `what`, and all input shapes.
  [[noreturn]] PLUGRAD_COLD void fail(const std::string& what) const;
  const OpSchema& op() const { return op_; }

 private:
  const OpSchema& op_;
  const ArrayRef* in_;
  const Value* attr_;
  Output* out_;
  int n_in_, n_out_;
};

// `axis`, counted from the end where negative, of `ndim` axes; ShapeError, starting with `op`, where out of
// range.
PLUGRAD_PUBLIC int normalize_axis(int64_t axis, const Shape& shape, const char* op);

// What a gradient composition sees: one node of the tape, and which input's gradient is asked for.
class PLUGRAD_PUBLIC Gradient {
 public:
  Gradient(const Node& node, const Array* dy, int input) : node_(node), dy_(dy), input_(input) {}
  const Array& dy(int output = 0) const { return dy_[output]; }
  const Array& in(int i) const;       // only what the schema saves
  const Array& out(int i = 0) const;  // only what the schema saves
  Shape shape(int i) const;           // of input i, saved or not
  DType dtype() const { return dy_[0].dtype(); }
  Device device() const { return dy_[0].device(); }
  int input() const { return input_; }  // the one whose gradient is asked for
  int n_in() const;
  double real(int i) const;
  int64_t integer(int i) const;
  const int64_t* integers(int i) const;
  int count(int i) const;
  Axes axes(int i) const;
  Shape shape_attribute(int i) const { return Shape(integers(i), count(i)); }

 private:
  const Node& node_;
  const Array* dy_;
  int input_;
};

// What a forward composition sees.
class Composition {
 public:
  Composition(const ArrayRef* in, int n_in, const Value* attr, Array* out)
      : in_(in), n_in_(n_in), attr_(attr), out_(out) {}
  const Array& in(int i) const { return *in_[i]; }
  int n_in() const { return n_in_; }
  double real(int i) const { return attr_[i].as.f; }
  int64_t integer(int i) const { return attr_[i].as.i; }
  const Value& attribute(int i) const { return attr_[i]; }
  Array& out(int i = 0) const { return out_[i]; }

 private:
  const ArrayRef* in_;
  int n_in_;
  const Value* attr_;
  Array* out_;
};

// Masks of what a gradient reads.
using Needs = uint32_t;
constexpr Needs input(int i) { return Needs{1} << i; }
constexpr Needs output(int i = 0) { return Needs{1} << (16 + i); }

struct InputGradient {
  Needs needs = 0;  // which inputs and outputs the composition and the kernel read
  // The gradient in this input as a composition of ops, in the output's shape for ops that broadcast. Null:
  // not differentiable in this input.
  Array (*composition)(const Gradient&) = nullptr;
  // Of input 0, where that is a parameter: the gradient as a row-sparse array (row_sparse.h), or an empty one
  // where that is not worth it. Null: never.
  Array (*sparse)(const Gradient&) = nullptr;
  // Without a composition: differentiable once, by the backends' gradient kernels alone.
  bool kernel_only = false;
};

enum class Differentiability : uint8_t {
  unstated,  // refused at registration
  differentiable,
  locally_constant,  // the exact gradient is zero: the tape stops here
  no_gradient,       // differentiating through it is an error
};

enum class GradientForm : uint8_t {
  kernel,   // backends bring a gradient kernel
  trivial,  // a pass-through, a view, or exactly one other op's kernel: the composition is as good as a
            // kernel
};

enum class DTypeRule : uint8_t {
  same,              // all inputs of one dtype
  promote,           // cast to their common dtype
  promote_floating,  // cast to their common dtype, integers and bool to float32
  separate,          // each input has its own set of dtypes
};

enum class OpKind : uint8_t {
  primitive,  // needs a forward kernel in every backend that claims the op set
  composite,  // has a forward composition; a kernel is welcome
  view,       // has no kernel: the output looks at the input's storage
};

// One sample call, for the tests, checks and benchmarks: shapes and dtypes of the inputs, a domain for their
// values.
struct Sample {
  struct Input {
    Shape shape;
    DType dtype = float32;      // float32: tried as float64, too
    double low = -1, high = 1;  // of the values, uniform; integers: low <= v < high
    // How the input lies in memory: compact; every second element of an array twice as wide; axes reversed.
    enum Layout : uint8_t { compact, strided, transposed } layout = compact;
    bool distinct = false;  // values at least 1e-2 apart: for ops that are not smooth where two are equal
    Input(const Shape& s) : shape(s) {}
    Input(std::initializer_list<int64_t> s) : shape(s) {}
    Input(const Shape& s, double lo, double hi) : shape(s), low(lo), high(hi) {}
    Input(const Shape& s, DType d, double lo, double hi) : shape(s), dtype(d), low(lo), high(hi) {}
    Input&& with(Layout l) && { return layout = l, std::move(*this); }
    Input&& apart() && { return distinct = true, std::move(*this); }
  };
  std::vector<Input> in;
  std::vector<plugrad_value> attr;
  std::vector<std::vector<int64_t>> ints;  // what `attr` points at
  int n_out = 1;
};

// Collects an op's samples.
class PLUGRAD_PUBLIC Samples {
 public:
  void add(std::vector<Sample::Input> in, std::initializer_list<Value> attr = {}, int n_out = 1);
  const std::vector<Sample>& all() const { return all_; }

 private:
  std::vector<Sample> all_;
};

struct OpSchema {
  const char* name = nullptr;
  int n_in = 1;                                 // negative: at least -n_in
  int n_out = 1;                                // 0: as many as the call asks for
  const char* attributes[max_attributes] = {};  // their names, in order
  OpKind kind = OpKind::primitive;
  int since = 1;  // primitives: the first op set that has it, core-<since>; a closed set gets no more ops
  DTypeRule dtype_rule = DTypeRule::same;
  DTypeSet dtypes[max_differentiable_inputs] = {
      floating};  // of input 0, and of all but for DTypeRule::separate
  void (*infer)(Inference&) = nullptr;
  bool broadcasts = false;  // gradients come in the output's shape; the core adds them up over repeated axes
  bool in_place = false;    // out[0] may be in[0]
  bool strided_in_place = false;  // and may then have any strides, as long as no two elements are one
  Differentiability differentiability = Differentiability::unstated;
  GradientForm gradient_form = GradientForm::kernel;
  InputGradient gradient[max_differentiable_inputs] = {};
  bool same_gradient_for_all = false;                 // gradient[0] speaks for any number of inputs
  void (*composition)(const Composition&) = nullptr;  // of the forward, for composites
  // The floating-point operations of a call, forward or (din is not null) gradient, for profiles. Null: not
  // counted.
  double (*flops)(const plugrad_call&) = nullptr;
  void (*samples)(Samples&) = nullptr;
};

// Joins `shape` with another one by NumPy's rule of broadcasting; false where they do not fit.
PLUGRAD_PUBLIC bool join_broadcast(Shape& shape, const Shape& other);

// Shape rules that many ops share.
PLUGRAD_PUBLIC void infer_same(Inference& i);       // in[0]'s shape and dtype
PLUGRAD_PUBLIC void infer_broadcast(Inference& i);  // NumPy's rule over all inputs; in[0]'s dtype
PLUGRAD_PUBLIC void infer_broadcast_bool(Inference& i);

}  // namespace plugrad
