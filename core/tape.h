// The tape: what was computed, in order; and the one reverse walk over it.
#pragma once

#include <functional>
#include <memory>

#include "plugrad/core/dispatch.h"

namespace plugrad {

namespace detail {
struct CustomFunction;

// An input of a recorded op.
struct NodeInput {
  Node* parent;        // null: no gradient is wanted here
  const Shape* shape;  // null: the output's shape, or that of `saved`
  uint32_t version;    // of the storage of `saved` when it was saved
  uint16_t parent_output;
  Array saved;  // empty unless the gradient reads it
};

// An output of a recorded op.
struct NodeOutput {
  Array grad;          // shared until a second contribution arrives
  Array saved;         // empty unless the gradient reads it
  const Shape* shape;  // null where there is one output only
  uint32_t version;    // as above
  DType dtype;
};
}  // namespace detail

// A node is plain data from the arena: no virtual functions, no closures. Its op's row says what to do.
// Behind it lie its inputs, outputs and attributes.
struct Node {
  Node* prev;
  const Row* op;        // null: a leaf
  uint32_t seq, depth;  // position on the tape; the deepest recording on whose leaves it depends
  uint16_t n_in;
  uint8_t n_out, n_attr;
  union {
    detail::CustomFunction* custom;  // of custom_gradient's nodes; otherwise null
    Node* next_leaf;                 // of leaves
  };
  detail::NodeInput* in() { return reinterpret_cast<detail::NodeInput*>(this + 1); }
  const detail::NodeInput* in() const { return reinterpret_cast<const detail::NodeInput*>(this + 1); }
  detail::NodeOutput* out() { return reinterpret_cast<detail::NodeOutput*>(in() + n_in); }
  const detail::NodeOutput* out() const { return reinterpret_cast<const detail::NodeOutput*>(in() + n_in); }
  plugrad_value* attr() { return reinterpret_cast<plugrad_value*>(out() + n_out); }
  const plugrad_value* attr() const { return reinterpret_cast<const plugrad_value*>(out() + n_out); }
};

// One stretch of recording: grad() holds one while it runs the user's function and walks back. The outermost
// owns the tape and empties it when it ends, by whichever way. An inner one leaves its nodes to the outer.
// Lives on the stack of one thread.
class PLUGRAD_PUBLIC Recording {
 public:
  Recording();
  ~Recording();
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

  // What to use in place of `x` to have its gradient: the same data as a new place on the tape. Leaves come
  // before the first recorded op. DTypeError where x is not floating.
  Array leaf(const Array& x);
  // Walks back from `y`, one element. Once. ShapeError for another size; Error where an array that a gradient
  // needs was overwritten, or where the way leads through an op without a gradient.
  void backward(const Array& y);
  // After backward: the gradients of the leaves, in the order in which these were made; zeros where y does
  // not depend on one. Each is the caller's own, and compact or row-sparse (row_sparse.h).
  Array next_gradient();

 private:
  void propagate(Node& n, bool recorded);
  void propagate_custom(Node& n, const Array& dy, bool recorded);
  Array empty_gradient(const Row& op, const detail::NodeInput& input, const Array& dy) const;
  bool propagate_sparsely(Node& n, const Array* dy);
  void propagate_by_kernel(Node& n, plugrad_kernel gradient, const Array* dy);
  void propagate_by_composition(Node& n, const Array* dy, bool recorded);
  void accumulate(const detail::NodeInput& input, Array g, bool recorded);
  bool wanted(const detail::NodeInput& input, bool recorded) const;

  detail::ThreadState& t_;
  Node* mark_;  // the newest node before this recording
  Node *first_leaf_ = nullptr, *last_leaf_ = nullptr, *next_ = nullptr;
  uint64_t outer_epoch_;
  bool outermost_, walking_ = false;
};

// Nothing in this scope is recorded: its results are constants.
class NoGrad {
 public:
  NoGrad() : t_(detail::thread_state()), saved_(std::exchange(t_.epoch, detail::not_recording)) {}
  ~NoGrad() { t_.epoch = saved_; }
  NoGrad(const NoGrad&) = delete;
  NoGrad& operator=(const NoGrad&) = delete;

 private:
  detail::ThreadState& t_;
  uint64_t saved_;
};

// Is anything on this thread being recorded?
inline bool is_recording() { return detail::thread_state().epoch != detail::not_recording; }

// Training mode, which ops such as dropout ask for; per thread. Outside any scope: off.
class TrainingMode {
 public:
  explicit TrainingMode(bool on) : t_(detail::thread_state()), saved_(std::exchange(t_.training, on)) {}
  ~TrainingMode() { t_.training = saved_; }
  TrainingMode(const TrainingMode&) = delete;
  TrainingMode& operator=(const TrainingMode&) = delete;

 private:
  detail::ThreadState& t_;
  bool saved_;
};
inline bool is_training() { return detail::thread_state().training; }

// In this scope gradients come from compositions even where a backend has a kernel: for tests that hold one
// against the other.
class ComposedGradients {
 public:
  ComposedGradients() : t_(detail::thread_state()), saved_(std::exchange(t_.compose_gradients, true)) {}
  ~ComposedGradients() { t_.compose_gradients = saved_; }
  ComposedGradients(const ComposedGradients&) = delete;
  ComposedGradients& operator=(const ComposedGradients&) = delete;

 private:
  detail::ThreadState& t_;
  bool saved_;
};

namespace detail {

void record(ThreadState& t, const Row& op, const ArrayRef* in, int n_in, Array* out, int n_out,
            const Value* attr, int n_attr);

// Given dy, the gradients of all inputs; an empty one means none.
using CustomRule = std::function<std::vector<Array>(const Array& dy)>;
PLUGRAD_PUBLIC void record_custom(std::span<const ArrayRef> in, Array& out, CustomRule rule);

template <class T>
std::vector<Array> gradients_of(T&& result) {
  if constexpr (std::is_same_v<std::remove_cvref_t<T>, Array>) {
    return {std::forward<T>(result)};
  } else {
    return std::apply([](auto&&... g) { return std::vector<Array>{Array(g)...}; }, std::forward<T>(result));
  }
}

}  // namespace detail

// A function whose gradient the user writes: f(x...) gives an Array y, gradient(dy, y, x...) the gradient in
// x, or a tuple of one for each x. Written with ops, it can itself be differentiated.
//   auto softplus = custom_gradient([](const Array& x) { return log(1.0 + exp(x)); },
//                                   [](const Array& dy, const Array&, const Array& x) { return dy *
//                                   sigmoid(x); });
template <class F, class G>
auto custom_gradient(F f, G gradient) {
  return [f = std::move(f), gradient = std::move(gradient)](const auto&... x) -> Array {
    Array y;
    {
      NoGrad off;
      y = f(x...);
    }
    y = y.detach();
    const ArrayRef in[] = {ArrayRef(x)...};
    auto rule = [gradient, y, ... x = x](const Array& dy) {
      return detail::gradients_of(gradient(dy, y, x...));
    };
    detail::record_custom(in, y, std::move(rule));
    return y;
  };
}

}  // namespace plugrad
