// Diagonals are views that follow NumPy's numbering; triangles drop what lies outside; what they refuse.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <numeric>

#include "plugrad/ops/ops.h"
#include "plugrad/tests/support/backends.h"
#include "plugrad/tests/support/temp_files.h"

namespace plugrad {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using tests::message_of;

class Diagonal : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { set_default_device(GetParam()); }
  void TearDown() override { set_default_device("cpu"); }
};
INSTANTIATE_TEST_SUITE_P(Backends, Diagonal, testing::ValuesIn(tests::backends_under_test()),
                         tests::backend_name);

// 0, 1, 2, ...
Array numbered(const Shape& shape) {
  std::vector<float> values(static_cast<size_t>(shape.size()));
  std::iota(values.begin(), values.end(), 0.0F);
  return Array::from_data(values, shape);
}

using Values = std::vector<float>;
constexpr int64_t furthest = std::numeric_limits<int64_t>::max(),
                  lowest = std::numeric_limits<int64_t>::min();

TEST_P(Diagonal, IsAView) {
  const Array x = numbered({3, 4});
  EXPECT_EQ(diagonal(x).storage(), x.storage());
  EXPECT_EQ(diagonal(x).to_vector<float>(), (Values{0, 5, 10}));
  EXPECT_EQ(diag(x, 1).storage(), x.storage());
  EXPECT_EQ(diagonal(x, 1).to_vector<float>(), (Values{1, 6, 11}));
  EXPECT_EQ(diagonal(x, 3).to_vector<float>(), (Values{3}));
  EXPECT_EQ(diagonal(x, -1).to_vector<float>(), (Values{4, 9}));
  EXPECT_EQ(diagonal(x, 1, 1, 0).to_vector<float>(), (Values{4, 9})) << "axes the other way round";
  EXPECT_EQ(diagonal(flip(x, 1)).to_vector<float>(), (Values{3, 6, 9}));
}

TEST_P(Diagonal, OfOtherAxesComesLast) {
  const Array x = numbered({2, 3, 4});
  EXPECT_EQ(diagonal(x).shape(), (Shape{4, 2}));
  EXPECT_EQ(diagonal(x).to_vector<float>(), (Values{0, 16, 1, 17, 2, 18, 3, 19}));
  EXPECT_EQ(diagonal(x, 1, -2, -1).shape(), (Shape{2, 3}));
  EXPECT_EQ(diagonal(x, 1, -2, -1).to_vector<float>(), (Values{1, 6, 11, 13, 18, 23}));
}

TEST_P(Diagonal, OutsideTheMatrixIsEmpty) {
  const Array x = numbered({2, 3});
  for (const int64_t k : {int64_t{3}, int64_t{-2}, furthest, lowest}) {
    EXPECT_EQ(diagonal(x, k).shape(), (Shape{0})) << k;
    EXPECT_EQ(trace(x, k).item(), 0) << k;
  }
  EXPECT_EQ(diagonal(zeros({0, 3})).shape(), (Shape{0}));
  const Array dx = grad([](const Array& a) { return sum(a) + sum(diagonal(a, 9)); })(x);
  EXPECT_EQ(dx.to_vector<float>(), Values(6, 1));
}

TEST_P(Diagonal, OfAVectorIsAMatrix) {
  const Array v = Array::from_data<float>({1, 2});
  EXPECT_EQ(diag(v).to_vector<float>(), (Values{1, 0, 0, 2}));
  EXPECT_EQ(diag(v, 1).to_vector<float>(), (Values{0, 1, 0, 0, 0, 2, 0, 0, 0}));
  EXPECT_EQ(diag(v, -1).to_vector<float>(), (Values{0, 0, 0, 1, 0, 0, 0, 2, 0}));
  EXPECT_EQ(diag(zeros({0})).shape(), (Shape{0, 0}));
  EXPECT_EQ(diag(zeros({0}), -2).to_vector<float>(), (Values{0, 0, 0, 0}));
  EXPECT_EQ(diag(Array::from_data<int32_t>({3, 4})).to_vector<int32_t>(), (std::vector<int32_t>{3, 0, 0, 4}));
  EXPECT_EQ(diag(cast(v, bool_)).dtype(), bool_);
}

TEST_P(Diagonal, TraceAddsItUp) {
  const Array x = numbered({3, 3});
  EXPECT_EQ(trace(x).item(), 12);
  EXPECT_EQ(trace(x, 1).item(), 6);
  EXPECT_EQ(trace(cast(x, int32)).dtype(), int64) << "as sum has it";
  EXPECT_EQ(grad([](const Array& a) { return trace(square(a), -1); })(x).to_vector<float>(),
            (Values{0, 0, 0, 6, 0, 0, 0, 14, 0}));
}

TEST_P(Diagonal, TrianglesEndAtIt) {
  const Array x = numbered({2, 3}) + 1;
  EXPECT_EQ(tril(x).to_vector<float>(), (Values{1, 0, 0, 4, 5, 0}));
  EXPECT_EQ(triu(x).to_vector<float>(), (Values{1, 2, 3, 0, 5, 6}));
  EXPECT_EQ(tril(x, 1).to_vector<float>(), (Values{1, 2, 0, 4, 5, 6}));
  EXPECT_EQ(triu(x, -1).to_vector<float>(), x.to_vector<float>());
  for (const int64_t k : {int64_t{3}, furthest}) {
    EXPECT_EQ(tril(x, k).to_vector<float>(), x.to_vector<float>());
    EXPECT_EQ(triu(x, k).to_vector<float>(), Values(6, 0));
  }
  for (const int64_t k : {int64_t{-2}, lowest}) {
    EXPECT_EQ(tril(x, k).to_vector<float>(), Values(6, 0));
    EXPECT_EQ(triu(x, k).to_vector<float>(), x.to_vector<float>());
  }
}

TEST_P(Diagonal, TrianglesDropNaN) {
  const Array nan = full({2, 2}, std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(tril(nan, -2).to_vector<float>(), Values(4, 0));
  EXPECT_EQ(triu(nan, 2).to_vector<float>(), Values(4, 0));
}

TEST_P(Diagonal, RefusesWhatIsNoPlane) {
  const Array x = zeros({2, 3});
  EXPECT_EQ(message_of<ShapeError>([&] { diagonal(x, 0, 1, -1); }),
            "diagonal: axes 1 and -1 are the same one of shape [2, 3]");
  EXPECT_THAT(message_of<ShapeError>([&] { diagonal(x, 0, 0, 2); }),
              StartsWith("diagonal: axis 2 out of range"));
  EXPECT_THAT(message_of<ShapeError>([&] { diagonal(x, 0, -3, 0); }),
              StartsWith("diagonal: axis -3 out of range"));
  EXPECT_EQ(message_of<ShapeError>([] { diagonal(zeros({2})); }), "diagonal: needs two axes, not shape [2]");
  EXPECT_EQ(message_of<ShapeError>([] { diag(Array(1.0)); }),
            "diag: needs a vector or a matrix, not shape []");
  EXPECT_EQ(message_of<ShapeError>([] {
              diag(zeros({1, 2, 3}));
            }),
            "diag: needs a vector or a matrix, not shape [1, 2, 3]");
  EXPECT_EQ(message_of<ShapeError>([] { trace(zeros({3})); }), "trace: needs a matrix, not shape [3]");
  EXPECT_EQ(message_of<ShapeError>([] { tril(zeros({3})); }), "tril: needs two axes for shape [3]");
  EXPECT_EQ(message_of<ShapeError>([] { triu(Array(1.0)); }), "triu: needs two axes for shape []");
  for (const auto& f : {+[] { diag(Array()); }, +[] { trace(Array()); }, +[] { tril(Array()); }})
    EXPECT_THAT(message_of<Error>(f), HasSubstr("input 0 is an empty array"));
}

TEST_P(Diagonal, BackwardWantsTheShapeOfTheDiagonal) {
  const auto refusal = [](const Shape& x, const Shape& shape, int64_t k, int64_t axis1, int64_t axis2) {
    return message_of<ShapeError>([&] { diagonal_backward(zeros(x), shape, k, axis1, axis2); });
  };
  EXPECT_EQ(refusal({3}, {3, 3}, 1, 0, 1),
            "diagonal_backward: diagonal 1 of shape [3, 3] has shape [2] for shape [3]");
  EXPECT_EQ(refusal({2, 3}, {2, 3, 4}, 0, 0, 1),
            "diagonal_backward: diagonal 0 of shape [2, 3, 4] has shape [4, 2] for shape [2, 3]");
  EXPECT_EQ(refusal({3}, {3, 3}, 0, 1, 1),
            "diagonal_backward: axes 1 and 1 are the same one of shape [3, 3]");
  EXPECT_THAT(refusal({3}, {3, 3}, 0, 0, 5), StartsWith("diagonal_backward: axis 5 out of range"));
  EXPECT_THAT(refusal({3}, {3}, 0, 0, 1), StartsWith("diagonal_backward: needs two axes"));
}

}  // namespace
}  // namespace plugrad
