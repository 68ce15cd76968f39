// Row-sparse gradients: what they hold, that they are arrays like any other, and that their cost grows with
// the rows touched and not with the table.
#include "plugrad/core/row_sparse.h"

#include <gtest/gtest.h>

#include <cmath>

#include "plugrad/nn/nn.h"
#include "plugrad/tests/support/backends.h"

namespace plugrad {
namespace {

class RowSparse : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { set_default_device(GetParam()); }
  void TearDown() override { set_default_device("cpu"); }

  static Array index(std::vector<int64_t> i) {
    return Array::from_data(i, Shape{static_cast<int64_t>(i.size())});
  }
  // Rows 3, 0 and 3 again of a table of 8.
  static Array some() {
    return row_sparse({8, 2}, {index({3, 0, 3}), Array::from_data<double>({1, 2, 3, 4, 5, 6}, {3, 2})});
  }
  static std::vector<double> some_dense() { return {3, 4, 0, 0, 0, 0, 6, 8, 0, 0, 0, 0, 0, 0, 0, 0}; }
};
INSTANTIATE_TEST_SUITE_P(Backends, RowSparse, testing::ValuesIn(tests::backends_under_test()),
                         tests::backend_name);

TEST_P(RowSparse, IsAnArrayLikeAnyOther) {
  const Array x = some();
  ASSERT_TRUE(is_row_sparse(x));
  EXPECT_EQ(to_string(x.shape()), "[8, 2]");
  EXPECT_EQ(x.dtype(), float64);
  EXPECT_EQ(x.to_vector<double>(), some_dense());
  EXPECT_EQ((x + 0.0).to_vector<double>(), some_dense());
  EXPECT_EQ(x[3].to_vector<double>(), (std::vector<double>{6, 8}));
  EXPECT_EQ(sum(x).item(), 21);
  EXPECT_EQ(concat({x, x}, 0).dims()[0], 16);
  EXPECT_EQ(x.detach().to_vector<double>(), some_dense());
  EXPECT_TRUE(is_row_sparse(x)) << "reading changed it";
  EXPECT_EQ(sparse_rows(x).index.to_vector<int64_t>(), (std::vector<int64_t>{3, 0, 3}));
  EXPECT_FALSE(is_row_sparse(dense(x)));
}

TEST_P(RowSparse, CanBeDifferentiatedIn) {
  const Array g = grad([](const Array& w) { return sum(square(w)); })(some());
  std::vector<double> twice = some_dense();
  for (double& v : twice) v *= 2;
  EXPECT_EQ(g.to_vector<double>(), twice);
}

TEST_P(RowSparse, BecomesDenseWhereItIsWritten) {
  PLUGRAD_NEEDS_HOST_MEMORY();
  Array x = some();
  const Array other = x;
  x.mutable_data<double>()[1] = 9;
  EXPECT_FALSE(is_row_sparse(other));
  EXPECT_EQ(other[0].to_vector<double>(), (std::vector<double>{3, 9}));
}

TEST_P(RowSparse, RefusesRowsThatDoNotFit) {
  const Array rows = zeros({3, 2}), three = index({0, 1, 2});
  EXPECT_THROW(row_sparse({8, 3}, {three, rows}), ShapeError);
  EXPECT_THROW(row_sparse({8, 2}, {index({0}), rows}), ShapeError);
  EXPECT_THROW(row_sparse({}, {three, rows}), ShapeError);
  EXPECT_THROW(row_sparse({8, 2}, {rows, rows}), ShapeError);
  EXPECT_THROW(row_sparse({8, 2}, {zeros({3}), rows}), DTypeError);
  EXPECT_THROW(sparse_rows(rows), Error);
}

Array loss(const Array& table, const Array& at, const Array& weight) {
  return sum(embedding(table, at) * weight);
}

TEST_P(RowSparse, IsTheGradientOfATableOfWhichFewRowsAreRead) {
  const Array table = normal({50, 3}), at = index({7, 2, 7}), weight = normal({3, 3});
  const Array g = grad(loss)(table, at, weight);
  ASSERT_TRUE(is_row_sparse(g));
  EXPECT_EQ(sparse_rows(g).index.to_vector<int64_t>(), (std::vector<int64_t>{7, 2, 7}));
  Array expected;
  {
    const ComposedGradients composed;
    expected = grad(loss)(table, at, weight);
  }
  ASSERT_FALSE(is_row_sparse(expected));
  EXPECT_EQ(g.to_vector<float>(), expected.to_vector<float>());
}

TEST_P(RowSparse, IsDenseWhereManyRowsAreRead) {
  const Array g = grad(loss)(normal({5, 3}), index({1, 2, 1}), normal({3, 3}));
  EXPECT_FALSE(is_row_sparse(g));
}

TEST_P(RowSparse, AddsUpOverUses) {
  const Array table = normal({40, 3});
  const auto f = [&](const Array& w) {
    Array total = sum(embedding(w, index({7, 2})));
    for (int step = 0; step < 3; ++step) total = total + sum(square(embedding(w, index({step, 2}))));
    return total;
  };
  const Array g = grad(f)(table);
  EXPECT_TRUE(is_row_sparse(g));
  const ComposedGradients composed;
  const std::vector<float> expected = grad(f)(table).to_vector<float>(), got = g.to_vector<float>();
  for (size_t k = 0; k < got.size(); ++k) EXPECT_NEAR(got[k], expected[k], 1e-5);
}

// Beside another use of the table, the rows go into the dense gradient.
TEST_P(RowSparse, MeetsADenseGradient) {
  const auto f = [&](const Array& w) { return sum(embedding(w, index({7, 2, 7}))) + sum(w * 2.0); };
  const Array g = grad(f)(zeros({40, 1}));
  EXPECT_FALSE(is_row_sparse(g));
  EXPECT_EQ(g[7].item(), 4);
  EXPECT_EQ(g[2].item(), 3);
  EXPECT_EQ(g[0].item(), 2);
}

TEST_P(RowSparse, CanBeDifferentiatedAgain) {
  const Array table = normal({40, 3}, 0, 1, default_generator(), float64), at = index({7, 2, 7});
  const auto f = [&](const Array& w) { return sum(pow(embedding(w, at), 3.0)); };
  const auto penalty = [&](const Array& w) { return sum(square(grad(f)(w))); };
  const Array g = grad(penalty)(table);  // row 7: d/dx (6 x^2)^2 = 144 x^3; row 2: 36 x^3
  for (int64_t k = 0; k < 3; ++k) {
    EXPECT_NEAR(g[7][k].item(), 144 * std::pow(table[7][k].item(), 3), 1e-9);
    EXPECT_NEAR(g[2][k].item(), 36 * std::pow(table[2][k].item(), 3), 1e-9);
  }
}

TEST_P(RowSparse, StepsAndClipsLikeADenseGradient) {
  const Array start = normal({60, 4}, 0, 1, default_generator(), float64), at = index({5, 9, 5, 30});
  const auto f = [&](const Array& w) { return sum(square(embedding(w, at))); };
  const auto step = [&](double limit) {
    Array w = copy(start), g = grad(f)(w);
    clip_global_norm(g, limit);
    sgd(w, g, 0.1);
    return std::pair(is_row_sparse(g), w.to_vector<double>());
  };
  for (const double limit : {0.0, 0.5, 1e6}) {
    const auto [sparse, w] = step(limit);
    EXPECT_TRUE(sparse);
    const ComposedGradients composed;
    const auto [not_sparse, expected] = step(limit);
    EXPECT_FALSE(not_sparse);
    for (size_t k = 0; k < w.size(); ++k) ASSERT_NEAR(w[k], expected[k], 1e-12) << "limit " << limit;
  }
}

// What the default device's memory was asked for so far: allocations that the caches of the host could not
// serve, or the peak of a device in bytes.
int64_t asked_for() {
  const Device device = default_device();
  return detail::on_host(device) ? host_cache_statistics().upstream_allocations
                                 : memory_statistics(device).peak_in_use;
}

// A gradient of a million rows of which three are read asks for no memory of that size.
TEST_P(RowSparse, CostsNothingForRowsThatAreNotRead) {
  if (!detail::caching) GTEST_SKIP() << "a checker of memory sees every allocation: nothing is cached";
  const Array at = index({5, 9, 5, 30});
  const auto step = [&](int64_t rows) {
    const Array table = zeros({rows, 8});
    const int64_t before = asked_for();
    const Array g = grad([&](const Array& w) { return sum(embedding(w, at)); })(table);
    EXPECT_TRUE(is_row_sparse(g));
    return asked_for() - before;
  };
  step(100);  // what small blocks need is cached from here on
  constexpr int64_t rows = 1'000'000, few_bytes = 100'000;
  EXPECT_LE(step(rows), detail::on_host(default_device()) ? 0 : few_bytes);
}

}  // namespace
}  // namespace plugrad
