// The same call gives the same bits each time, with any number of threads; other numbers of threads change no
// more than rounding.
#include "plugrad/tests/conformance/calls.h"
#include "plugrad/tests/conformance/compare.h"
#include "plugrad/tests/conformance/suite.h"

namespace plugrad::conformance {

namespace {

class ThreadsScope {
 public:
  explicit ThreadsScope(int n) : before_(num_threads()) { set_num_threads(n); }
  ~ThreadsScope() { set_num_threads(before_); }
  ThreadsScope(const ThreadsScope&) = delete;
  ThreadsScope& operator=(const ThreadsScope&) = delete;

 private:
  int before_;
};

// Outputs, then gradients where there are any.
std::vector<Array> results(const Case& c, const std::vector<Array>& in, const std::vector<Values>& dy,
                           Device device) {
  std::vector<Array> all = call(c, in, device);
  const Mask wanted = differentiable_inputs(c);
  if (!is_differentiable(*c.op) || !any(wanted) || !any_floating(all)) return all;
  for (Array& g : gradients(c, in, wanted, dy_arrays(dy, Layout::compact, device), device))
    all.push_back(std::move(g));
  return all;
}

void check_reproducible(const Row& op, Device device) {
  for_each_case(op, {}, [&](const Case& c) {
    const std::vector<Array> in = c.arrays(device);
    const std::vector<Values> dy = draw_dy(call(c, in, device), c.random("dy"));
    std::vector<Array> by_one;
    for (const int threads : {1, 2}) {
      SCOPED_TRACE("threads: " + std::to_string(threads));
      const ThreadsScope scope(threads);
      const std::vector<Array> once = results(c, in, dy, device), again = results(c, in, dy, device);
      EXPECT_TRUE(same_bits(again, once));
      if (threads == 1) by_one = once;
      else EXPECT_TRUE(close(once, by_one, gradient_precision(c.dtype, c.in, 1)));
    }
  });
}
const Registration reproducible({"Reproducible", has_kernel, check_reproducible});

}  // namespace

}  // namespace plugrad::conformance
