// Results: those of a backend are the oracle's, those of a composite are its composition's, those in place
// are those out of place.
#include "plugrad/core/dispatch.h"
#include "plugrad/tests/conformance/calls.h"
#include "plugrad/tests/conformance/compare.h"
#include "plugrad/tests/conformance/suite.h"

namespace plugrad::conformance {

namespace {

int64_t total_size(const std::vector<Array>& arrays) {
  int64_t n = 0;
  for (const Array& a : arrays) n += a.size();
  return n;
}

// float32 is compared with the oracle's float64 of the same values.
void check_forward(const Row& op, Device device) {
  for_each_case(op, {.dtypes = all_dtypes}, [&](const Case& c) {
    const std::vector<Array> out = call(c, c.arrays(device), device);
    const Case wide = widened(c);
    const std::vector<Array> expected =
        call(wide, wide.compact_arrays(reference_device()), reference_device());
    if (c.in.empty()) EXPECT_TRUE(same_generated(c, out[0], expected[0]));
    else EXPECT_TRUE(close(out, expected, forward_precision(c.dtype, c.in, total_size(out))));
  });
}
const Registration forward({"Forward", every_op, check_forward});

bool has_composition(const Row& op) { return op.schema->composition != nullptr; }

void check_composition(const Row& op, Device device) {
  for_each_case(op, {.dtypes = {float64, int32, int64, bool_}}, [&](const Case& c) {
    const std::vector<Array> in = c.arrays(device), out = call(c, in, device);
    const std::vector<ArrayRef> refs(in.begin(), in.end());
    std::vector<Array> composed(out.size());
    op.schema->composition(
        Composition(refs.data(), static_cast<int>(refs.size()), c.attr.data(), composed.data()));
    EXPECT_TRUE(close(composed, out, forward_precision(c.dtype, c.in, total_size(out))));
  });
}
const Registration composition({"Composition", has_composition, check_composition});

bool works_in_place(const Row& op) { return op.schema->in_place; }

// Over a target that is compact, or lies in memory as the op allows.
void check_in_place(const Row& op, Device device) {
  const std::vector<Layout> any = {Layout::compact, Layout::strided, Layout::transposed, Layout::reversed},
                            compact = {Layout::compact};
  for_each_case(op, {.dtypes = all_dtypes}, [&](const Case& c) {
    const std::vector<Array> in = c.arrays(device), out = call(c, in, device);
    if (!(out[0].shape() == in[0].shape())) return;
    const std::vector<ArrayRef> rest(in.begin() + 1, in.end());
    for (const Layout layout : op.schema->strided_in_place ? any : compact) {
      SCOPED_TRACE(name(layout));
      Array target = lay_out(c.in[0], layout, device);
      dispatch_in_place(op, target, rest, c.attr);
      EXPECT_TRUE(same_bits(target, out[0]));
    }
  });
}
const Registration in_place({"InPlace", works_in_place, check_in_place});

// However the inputs lie in memory.
void check_layouts(const Row& op, Device device) {
  for_each_case(op, {.max_elements = medium_size}, [&](const Case& c) {
    for (const Layout layout : {Layout::strided, Layout::transposed, Layout::reversed, Layout::repeated}) {
      SCOPED_TRACE(name(layout));
      std::vector<Array> in, compact;
      for (const Values& v : c.in) {
        in.push_back(lay_out(v, layout, device));
        compact.push_back(to_array(values_of(in.back()), device));
      }
      const std::vector<Array> expected = call(c, compact, device);
      std::vector<Array> out;
      try {
        out = call(c, in, device);
      } catch (const ShapeError&) {
        if (op.kind != OpKind::view) throw;
        continue;  // a view that does not exist without a copy
      }
      EXPECT_TRUE(close(out, expected, forward_precision(c.dtype, c.in, total_size(out))));
    }
  });
}
const Registration layouts({"Layout", has_inputs, check_layouts});

}  // namespace

}  // namespace plugrad::conformance
