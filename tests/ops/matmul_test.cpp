// matmul on vectors and batches is NumPy's, also where axes are empty; dot, outer and linear; what they
// refuse.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "plugrad/ops/ops.h"
#include "plugrad/tests/support/backends.h"
#include "plugrad/tests/support/temp_files.h"

namespace plugrad {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;
using tests::message_of;

class Matmul : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { set_default_device(GetParam()); }
  void TearDown() override { set_default_device("cpu"); }
};
INSTANTIATE_TEST_SUITE_P(Backends, Matmul, testing::ValuesIn(tests::backends_under_test()),
                         tests::backend_name);

// first, first + 1, ...
Array numbered(const Shape& shape, double first = 1) {
  std::vector<double> values(static_cast<size_t>(shape.size()));
  std::iota(values.begin(), values.end(), first);
  return Array::from_data(values, shape);
}

Array stacked(const std::vector<Array>& xs) { return stack(xs, 0); }

void expect_equal(const Array& x, const Array& y) {
  EXPECT_EQ(x.shape(), y.shape());
  EXPECT_EQ(x.dtype(), y.dtype());
  EXPECT_EQ(x.to_vector<double>(), y.to_vector<double>());
}

TEST_P(Matmul, HasTheShapesOfNumPy) {
  const std::tuple<Shape, Shape, Shape> shapes[] = {
      {{3}, {3}, {}},
      {{3}, {3, 4}, {4}},
      {{2, 3}, {3}, {2}},
      {{3}, {5, 3, 4}, {5, 4}},
      {{5, 2, 3}, {3}, {5, 2}},
      {{5, 2, 3}, {3, 4}, {5, 2, 4}},
      {{2, 3}, {5, 3, 4}, {5, 2, 4}},
      {{6, 1, 2, 3}, {5, 3, 4}, {6, 5, 2, 4}},
      {{0}, {0}, {}},
      {{0}, {0, 4}, {4}},
      {{5, 2, 0}, {0, 4}, {5, 2, 4}},
      {{0, 2, 3}, {3, 4}, {0, 2, 4}},
      {{1, 2, 3}, {0, 3, 4}, {0, 2, 4}},
      {{1, 1, 1, 1, 1, 1, 2, 3}, {3, 4}, {1, 1, 1, 1, 1, 1, 2, 4}}};
  for (const auto& [x, y, z] : shapes)
    EXPECT_EQ(matmul(ones(x), ones(y)).shape(), z) << to_string(x) << to_string(y);
}

TEST_P(Matmul, MultipliesEachMatrixOfABatch) {
  const Array x = numbered({3, 2, 4}), y = numbered({3, 4, 5}, -7);
  const Array z = matmul(x, y);
  for (int64_t i = 0; i < 3; ++i) expect_equal(z[i], matmul(x[i], y[i]));
}

TEST_P(Matmul, RepeatsBatchAxes) {
  const Array x = numbered({2, 1, 3, 4}), y = numbered({5, 4, 2}, -9);
  const Array z = matmul(x, y);
  for (int64_t i = 0; i < 2; ++i)
    for (int64_t j = 0; j < 5; ++j) expect_equal(z[i][j], matmul(x[i][0], y[j]));
}

TEST_P(Matmul, TakesVectorsOnEitherSide) {
  const Array v = numbered({4}), x = numbered({2, 3, 4}), y = numbered({2, 4, 5});
  expect_equal(matmul(x, v), sum(x * v, {-1}));
  expect_equal(matmul(v, y), sum(unsqueeze(v, 1) * y, {-2}));
  EXPECT_EQ(matmul(v, v).item(), 30);
}

TEST_P(Matmul, OfNothingIsZero) {
  expect_equal(matmul(numbered({2, 3, 0}), numbered({2, 0, 4})), zeros({2, 3, 4}, float64));
  EXPECT_EQ(matmul(numbered({0}), numbered({0})).item(), 0);
}

TEST_P(Matmul, TakesBatchesOfAnyStrides) {
  const Array x = numbered({4, 3, 2}), y = numbered({4, 2, 5}, -3);
  const Array expected = matmul(x, y);
  // Batch axis innermost; walked backwards; every second; one matrix many times.
  expect_equal(matmul(permute(copy(permute(x, {1, 2, 0})), {2, 0, 1}), y), expected);
  expect_equal(matmul(flip(x, 0), flip(y, 0)), flip(expected, 0));
  expect_equal(matmul(slice(x, 0, 0, 4, 2), slice(y, 0, 1, 4, 2)),
               stacked({matmul(x[0], y[1]), matmul(x[2], y[3])}));
  expect_equal(matmul(expand(x[1], {4, 3, 2}), y),
               stacked({matmul(x[1], y[0]), matmul(x[1], y[1]), matmul(x[1], y[2]), matmul(x[1], y[3])}));
  expect_equal(matmul(transpose(copy(transpose(x))), transpose(copy(transpose(y)))), expected);
}

TEST_P(Matmul, SumsGradientsOfWhatIsRepeated) {
  const Array x = numbered({3, 4}), y = numbered({2, 5, 4, 2}, -30), dz = numbered({2, 5, 3, 2});
  const auto [dx, dy] = grad([&](const std::pair<Array, Array>& in) {
    return sum(matmul(in.first, in.second) * dz);
  })(std::pair{x, y});
  Array expected = zeros({3, 4}, float64);
  for (int64_t i = 0; i < 2; ++i)
    for (int64_t j = 0; j < 5; ++j) {
      expected = expected + matmul(dz[i][j], transpose(y[i][j]));
      expect_equal(dy[i][j], matmul(transpose(x), dz[i][j]));
    }
  expect_equal(dx, expected);
}

TEST_P(Matmul, RefusesWhatDoesNotFit) {
  const auto refusal = [](const Shape& x, const Shape& y) {
    return message_of<ShapeError>([&] { matmul(ones(x), ones(y)); });
  };
  EXPECT_EQ(refusal({2, 3}, {4, 5}), "matmul: inner dimensions differ for shape [2, 3] and [4, 5]");
  EXPECT_EQ(refusal({3}, {4}), "matmul: inner dimensions differ for shape [3] and [4]");
  EXPECT_EQ(refusal({3}, {3, 4, 5}), "matmul: inner dimensions differ for shape [3] and [3, 4, 5]");
  EXPECT_EQ(refusal({2, 3, 4}, {2, 3, 4}),
            "matmul: inner dimensions differ for shape [2, 3, 4] and [2, 3, 4]");
  EXPECT_EQ(refusal({2, 3, 4}, {3, 4, 5}),
            "matmul: batch axes do not broadcast for shape [2, 3, 4] and [3, 4, 5]");
  EXPECT_EQ(refusal({0, 3, 4}, {3, 4, 5}),
            "matmul: batch axes do not broadcast for shape [0, 3, 4] and [3, 4, 5]");
  EXPECT_EQ(refusal({}, {2, 3}), "matmul: needs matrices or vectors for shape [] and [2, 3]");
  EXPECT_EQ(refusal({3}, {}), "matmul: needs matrices or vectors for shape [3] and []");
  EXPECT_THROW(matmul(Array(), ones({2})), Error);
}

TEST_P(Matmul, OfTwoVectorsIsTheirDotProduct) {
  const Array x = numbered({3}), y = numbered({3}, 4);
  EXPECT_EQ(dot(x, y).item(), 32);
  EXPECT_EQ(dot(x, y).shape(), Shape{});
  EXPECT_EQ(dot(zeros({0}), zeros({0})).item(), 0);
  EXPECT_EQ(dot(Array::from_data<int32_t>({1, 2}), Array::from_data<float>({0.5, 2})).dtype(), float32);
  EXPECT_EQ(dot(flip(x, 0), y).item(), 28);
  const auto [dx, dy] =
      grad([](const std::pair<Array, Array>& in) { return dot(in.first, in.second); })(std::pair{x, y});
  expect_equal(dx, y);
  expect_equal(dy, x);
}

TEST_P(Matmul, OuterMultipliesEachWithEach) {
  const Array x = numbered({3}), y = numbered({2}, 4);
  EXPECT_EQ(outer(x, y).to_vector<double>(), (std::vector<double>{4, 5, 8, 10, 12, 15}));
  EXPECT_EQ(outer(x, y).shape(), (Shape{3, 2}));
  EXPECT_EQ(outer(zeros({0}), y).shape(), (Shape{0, 2}));
  EXPECT_EQ(outer(x, zeros({0})).shape(), (Shape{3, 0}));
  EXPECT_EQ(outer(x, Array::from_data<int64_t>({1, 2})).dtype(), float64);
  const Array dz = numbered({3, 2});
  const auto [dx, dy] = grad([&](const std::pair<Array, Array>& in) {
    return sum(outer(in.first, in.second) * dz);
  })(std::pair{x, y});
  expect_equal(dx, matmul(dz, y));
  expect_equal(dy, matmul(x, dz));
}

TEST_P(Matmul, OfVectorsAloneIsRefusedUnderTheNameThatWasCalled) {
  const Array v = ones({3}), integers = Array::from_data<int32_t>({1, 2, 3});
  EXPECT_EQ(message_of<ShapeError>([&] { dot(v, ones({4})); }), "dot: lengths 3 and 4 differ");
  EXPECT_EQ(message_of<ShapeError>([&] {
              dot(v, ones({3, 1}));
            }),
            "dot: needs two vectors, not shapes [3] and [3, 1]");
  EXPECT_EQ(message_of<ShapeError>([&] { outer(Array(2.0), v); }),
            "outer: needs two vectors, not shapes [] and [3]");
  EXPECT_EQ(message_of<DTypeError>([&] { dot(integers, integers); }), "dot: not defined for int32, int32");
  EXPECT_EQ(message_of<DTypeError>([&] { outer(integers, integers); }),
            "outer: not defined for int32, int32");
  EXPECT_EQ(message_of<Error>([&] { dot(v, Array()); }), "dot: input 1 is an empty array");
  EXPECT_EQ(message_of<Error>([&] { outer(Array(), v); }), "outer: input 0 is an empty array");
  const std::string other = GetParam() == "reference" ? "cpu" : "reference";
  load_backend(other);
  const Array there = v.to(parse_device(other));
  EXPECT_THAT(message_of<DeviceError>([&] { dot(v, there); }),
              AllOf(StartsWith("dot: operands on "), HasSubstr(other)));
}

TEST_P(Matmul, LinearAddsABias) {
  const Array x = numbered({2, 3, 4}), w = numbered({4, 5}, -6), b = numbered({5}, 100);
  expect_equal(linear(x, w, b), matmul(x, w) + b);
  expect_equal(linear(x[0][0], w, b), matmul(x[0][0], w) + b);
  expect_equal(linear(zeros({2, 0}, float64), zeros({0, 5}, float64), b), expand(b, {2, 5}));
  EXPECT_EQ(linear(zeros({0, 4}), w, b).shape(), (Shape{0, 5}));
  EXPECT_EQ(linear(ones({2, 4}), w, Array::from_data<int32_t>({1, 2, 3, 4, 5})).dtype(), float64);
}

TEST_P(Matmul, LinearRefusesWhatDoesNotFit) {
  const auto refusal = [](const Shape& x, const Shape& w, const Shape& b) {
    return message_of<ShapeError>([&] { linear(ones(x), ones(w), ones(b)); });
  };
  EXPECT_EQ(refusal({2, 3}, {4, 5}, {5}),
            "linear: x has 3 features, and weight takes 4 for shape [2, 3] and [4, 5] and [5]");
  EXPECT_EQ(refusal({2, 4}, {4, 5}, {4}),
            "linear: weight gives 5 features, and bias has 4 for shape [2, 4] and [4, 5] and [4]");
  for (const auto& [x, w, b] :
       {std::tuple<Shape, Shape, Shape>{{}, {4, 5}, {5}}, {{2, 4}, {4}, {5}}, {{2, 4}, {4, 5}, {1, 5}}})
    EXPECT_THAT(refusal(x, w, b),
                StartsWith("linear: needs x [..., in], weight [in, out] and bias [out] for shape"));
}

}  // namespace
}  // namespace plugrad
