// What kernels do to memory: called through the C boundary on buffers with guards around them, they write
// every element of their outputs and nothing else, and ask for what they use.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "plugrad/tests/conformance/calls.h"
#include "plugrad/tests/conformance/compare.h"
#include "plugrad/tests/conformance/suite.h"

namespace plugrad::conformance {

namespace {

constexpr size_t guard_bytes = 256, alignment = 64;
constexpr unsigned char untouched = 0xa5;

// Memory aligned as kernels are promised it, between two guards.
class GuardedMemory {
 public:
  explicit GuardedMemory(size_t bytes) : bytes_(bytes) {
    const size_t all = (2 * guard_bytes + bytes + alignment - 1) / alignment * alignment;
    memory_.reset(static_cast<unsigned char*>(std::aligned_alloc(alignment, all)));
    if (!memory_) throw std::bad_alloc();
    std::memset(memory_.get(), untouched, 2 * guard_bytes + bytes);
  }
  unsigned char* data() const { return memory_.get() + guard_bytes; }
  bool intact() const {
    const auto is_untouched = [](unsigned char c) { return c == untouched; };
    const unsigned char* end = data() + bytes_;
    return std::all_of(memory_.get(), memory_.get() + guard_bytes, is_untouched) &&
           std::all_of(end, end + guard_bytes, is_untouched);
  }

 private:
  struct Free {
    void operator()(void* p) const { std::free(p); }
  };
  std::unique_ptr<unsigned char, Free> memory_;
  size_t bytes_;
};

// A compact tensor like `x` in guarded memory.
class GuardedTensor {
 public:
  explicit GuardedTensor(const Array& x)
      : shape_(x.shape()), memory_(bytes_of(x).size()), tensor_(x.tensor()) {
    for (int64_t n = 1, k = shape_.ndim(); k-- > 0; n *= shape_[static_cast<int>(k)]) strides_[k] = n;
    tensor_.data = memory_.data();
    tensor_.byte_offset = 0;
    tensor_.shape = &shape_[0];
    tensor_.strides = strides_;
  }
  GuardedTensor(const GuardedTensor&) = delete;
  GuardedTensor& operator=(const GuardedTensor&) = delete;
  const DLTensor* tensor() const { return &tensor_; }
  bool intact() const { return memory_.intact(); }
  bool holds(const Array& x) const {
    const std::vector<char> bytes = bytes_of(x);
    return bytes.empty() || std::memcmp(memory_.data(), bytes.data(), bytes.size()) == 0;
  }

 private:
  Shape shape_;
  int64_t strides_[max_ndim] = {};
  GuardedMemory memory_;
  DLTensor tensor_;
};

// The host as kernels see it: its workspace is guarded, too.
class GuardedHost {
 public:
  GuardedHost() {
    context_.size = sizeof context_;
    context_.threads = num_threads();
    context_.self = this;
    context_.workspace = [](void* self, size_t bytes) -> void* {
      auto& blocks = static_cast<GuardedHost*>(self)->workspace_;
      return blocks.emplace_back(std::make_unique<GuardedMemory>(bytes))->data();
    };
    context_.fail = [](void* self, const char* message) {
      static_cast<GuardedHost*>(self)->message_ = message;
    };
  }
  GuardedHost(const GuardedHost&) = delete;
  GuardedHost& operator=(const GuardedHost&) = delete;
  const plugrad_context& context() const { return context_; }
  const std::string& message() const { return message_; }
  bool intact() const {
    return std::all_of(workspace_.begin(), workspace_.end(),
                       [](const auto& block) { return block->intact(); });
  }

 private:
  plugrad_context context_{};
  std::vector<std::unique_ptr<GuardedMemory>> workspace_;
  std::string message_;
};

using Tensors = std::vector<const DLTensor*>;
using GuardedTensors = std::vector<std::unique_ptr<GuardedTensor>>;

Tensors tensors_of(const std::vector<Array>& arrays) {
  Tensors tensors;
  for (const Array& a : arrays) tensors.push_back(a ? &a.tensor() : nullptr);
  return tensors;
}

// Runs a kernel and checks that what it was to read is as before.
void run(plugrad_kernel kernel, const plugrad_call& call, const GuardedHost& host,
         const std::vector<Array>& read) {
  std::vector<std::vector<char>> before;
  for (const Array& a : read) before.push_back(storage_of(a));
  ASSERT_EQ(kernel(&call), PLUGRAD_OK) << host.message();
  for (size_t k = 0; k < read.size(); ++k)
    EXPECT_TRUE(storage_of(read[k]) == before[k]) << "array " << k << " of those it reads was changed";
  EXPECT_TRUE(host.intact()) << "written beyond the workspace";
}

void expect_results(const GuardedTensors& written, const std::vector<Array>& expected) {
  for (size_t k = 0; k < written.size(); ++k) {
    EXPECT_TRUE(written[k]->intact()) << "written beyond result " << k;
    EXPECT_TRUE(written[k]->holds(expected[k])) << "result " << k << " is not what dispatch gives";
  }
}

plugrad_call call_of(const Case& c, const Tensors& in, const Tensors& out, const GuardedHost& host) {
  plugrad_call call{};
  call.size = sizeof call;
  call.n_in = static_cast<uint16_t>(in.size());
  call.n_out = static_cast<uint16_t>(out.size());
  call.n_attr = static_cast<uint16_t>(c.attr.size());
  call.in = in.data();
  call.out = out.data();
  call.attr = c.attr.data();
  call.context = &host.context();
  return call;
}

void check_forward(const Case& c, Device device) {
  const std::vector<Array> in = c.arrays(device), expected = call(c, in, device);
  GuardedTensors out;
  Tensors outs;
  for (const Array& y : expected)
    outs.push_back(out.emplace_back(std::make_unique<GuardedTensor>(y))->tensor());
  const GuardedHost host;
  const Tensors ins = tensors_of(in);
  run(c.op->cell(device.backend).forward, call_of(c, ins, outs, host), host, in);
  expect_results(out, expected);
}

// The gradients of the inputs as a kernel writes them: for ops that broadcast, in the output's shape.
std::vector<Array> din_like(const Case& c, const Mask& wanted, const std::vector<Array>& in,
                            const Array& dy) {
  std::vector<Array> din(in.size());
  for (size_t i = 0; i < in.size(); ++i)
    if (wanted[i])
      din[i] = Array::empty(c.op->broadcasts ? dy.shape() : in[i].shape(), dy.dtype(), in[i].device());
  return din;
}

// What of inputs and outputs the schema says that the gradient reads; the rest stays away.
std::vector<Array> saved(const std::vector<Array>& arrays, const Case& c, const Mask& wanted,
                         Needs (*bit)(int)) {
  Needs needs = 0;
  for (size_t i = 0; i < wanted.size(); ++i)
    if (wanted[i]) needs |= c.op->needs_of(static_cast<int>(i));
  std::vector<Array> kept(arrays.size());
  for (size_t k = 0; k < arrays.size() && k < max_differentiable_inputs; ++k)
    if (needs & bit(static_cast<int>(k))) kept[k] = arrays[k];
  return kept;
}

std::vector<Array> present(const std::vector<std::vector<Array>>& lists) {
  std::vector<Array> all;
  for (const std::vector<Array>& list : lists)
    for (const Array& a : list)
      if (a) all.push_back(a);
  return all;
}

void check_gradient(const Case& c, Device device) {
  const Mask wanted = differentiable_inputs(c);
  const std::vector<Array> in = c.arrays(device), out = call(c, in, device);
  if (!any(wanted) || !any_floating(out)) return;
  const std::vector<Array> dy = dy_arrays(draw_dy(out, c.random("dy")), Layout::strided, device);
  const std::vector<Array> like = din_like(c, wanted, in, dy[0]);
  const std::vector<Array> saved_in = saved(in, c, wanted, input), saved_out = saved(out, c, wanted, output);
  GuardedTensors din;
  Tensors dins;
  for (const Array& x : like)
    dins.push_back(x ? din.emplace_back(std::make_unique<GuardedTensor>(x))->tensor() : nullptr);
  const Tensors ins = tensors_of(saved_in), outs = tensors_of(saved_out), douts = tensors_of(dy);
  const GuardedHost host;
  plugrad_call call = call_of(c, ins, outs, host);
  call.dout = douts.data();
  call.din = dins.data();
  run(c.op->cell(device.backend).gradient, call, host, present({saved_in, saved_out, dy}));
  const bool summed_after =
      c.op->broadcasts;  // the core adds up over what was repeated: not for us to compare
  std::vector<Array> expected = gradients(c, in, wanted, dy, device);
  for (size_t k = 0, i = 0; i < like.size(); ++i) {
    if (!like[i]) continue;
    EXPECT_TRUE(din[k]->intact()) << "written beyond the gradient in input " << i;
    const bool comparable = !summed_after || like[i].shape() == in[i].shape();
    EXPECT_TRUE(!comparable || din[k]->holds(expected[k]))
        << "the gradient in input " << i << " is another in backward";
    ++k;
  }
}

void check_memory(const Row& op, Device device) {
  if (!detail::on_host(device)) GTEST_SKIP() << "guards lie in host memory";
  const Cell cell = op.cell(device.backend);
  for_each_case(op, {.dtypes = all_dtypes}, [&](const Case& c) {
    if (cell.forward) check_forward(c, device);
    if (cell.gradient) check_gradient(c, device);
  });
}
const Registration memory({"Memory", has_kernel, check_memory});

}  // namespace

}  // namespace plugrad::conformance
