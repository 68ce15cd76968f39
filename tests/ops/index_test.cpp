// Indexing. Subscripts and assignment to them are held against NumPy: golden/index_cases.json, which
// golden/index_cases.py wrote; then what NumPy has not: gradients, the tape, and the texts of errors.
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>

#include "plugrad/nn/gradcheck.h"
#include "plugrad/ops/ops.h"
#include "plugrad/tests/support/backends.h"
#include "plugrad/tests/support/temp_files.h"

namespace plugrad {
namespace {

using Json = nlohmann::json;
using tests::message_of;

class Indexing : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { set_default_device(GetParam()); }
  void TearDown() override {
    EXPECT_FALSE(is_recording());
    set_default_device("cpu");
  }
};
INSTANTIATE_TEST_SUITE_P(Backends, Indexing, testing::ValuesIn(tests::backends_under_test()),
                         tests::backend_name);

// What a device finds out while it works is told when the host waits.
template <class E, class F>
std::string deferred_message_of(F f) {
  return message_of<E>([&] {
    f();
    synchronize(default_device());
  });
}
#define EXPECT_MESSAGE(E, expression, text)                                          \
  do {                                                                               \
    const std::string message = deferred_message_of<E>([&] { (void)(expression); }); \
    EXPECT_NE(message.find(text), std::string::npos) << message;                     \
  } while (false)

std::vector<double> counted(int64_t n) {
  std::vector<double> v(static_cast<size_t>(n));
  std::iota(v.begin(), v.end(), 0);
  return v;
}
Array counting(const Shape& shape) { return Array::from_data(counted(shape.size()), shape); }
std::vector<double> values(const Array& x) { return x.to_vector<double>(); }
Array ints(std::initializer_list<int64_t> v) { return Array::from_data<int64_t>(v); }
Array truths(std::initializer_list<bool> v) { return Array::from_data<bool>(v); }
Array random_index(int64_t n, double high) { return cast(uniform({n}, 0, high), int64); }

// The same values, but column-major in memory.
Array column_major(const Array& x) {
  Axes reversed;
  for (int k = x.ndim(); k-- > 0;) reversed.push_back(k);
  return permute(copy(permute(x, reversed)), reversed);
}

// ---- NumPy's cases ----

const Json& golden() {
  static const Json cases = [] {
    std::ifstream file(PLUGRAD_GOLDEN_CASES);
    return Json::parse(file);
  }();
  return cases;
}

Shape shape_of(const Json& j) { return Shape(j.get<std::vector<int64_t>>()); }

template <class T>
Array array_of(const Json& j) {
  const Json& elements = j.at("elements");
  const auto data = std::make_unique<T[]>(elements.size());
  for (size_t i = 0; i < elements.size(); ++i) data[i] = static_cast<T>(elements[i].get<int64_t>());
  return Array::from_data(std::span<const T>(data.get(), elements.size()), shape_of(j.at("shape")));
}

Index index_of(const Json& j) {
  const auto bound = [&j](const char* key) {
    return j.at(key).is_null() ? std::optional<int64_t>() : j.at(key).get<int64_t>();
  };
  if (j.is_number()) return j.get<int64_t>();
  if (j == "ellipsis") return ellipsis;
  if (j == "new_axis") return new_axis;
  if (j.contains("step")) return range(bound("start"), bound("stop"), j.at("step").get<int64_t>());
  if (j.at("dtype") == "bool") return array_of<bool>(j);
  return j.at("dtype") == "int32" ? array_of<int32_t>(j) : array_of<int64_t>(j);
}

std::vector<Index> indices_of(const Json& c) {
  std::vector<Index> indices;
  for (const Json& j : c.at("index")) indices.push_back(index_of(j));
  return indices;
}

void expect_equal(const Array& got, const Json& expected) {
  EXPECT_EQ(to_string(got.shape()), to_string(shape_of(expected.at("shape"))));
  EXPECT_EQ(values(got), expected.at("elements").get<std::vector<double>>());
}

bool refused(const std::function<void()>& f) {
  try {
    f();
    synchronize(default_device());
  } catch (const ShapeError& e) {
    const std::string text = e.what();
    EXPECT_TRUE(text.starts_with("index:") || text.starts_with("assign:") ||
                text.starts_with("ravel_index on ") || text.starts_with("take on ") ||
                text.ends_with("found in work enqueued before"))
        << text;
    return true;
  }
  return false;
}

TEST_P(Indexing, ReadsAsNumPyDoes) {
  const Json& cases = golden().at("read");
  ASSERT_GE(cases.size(), 500u);
  for (const Json& c : cases) {
    SCOPED_TRACE(c.dump());
    const Array x = counting(shape_of(c.at("shape")));
    const std::vector<Index> indices = indices_of(c);
    if (!c.contains("out")) {
      EXPECT_TRUE(refused([&] { subscript(x, indices); }));
      continue;
    }
    expect_equal(subscript(x, indices), c.at("out"));
    expect_equal(subscript(column_major(x), indices), c.at("out"));
  }
}

TEST_P(Indexing, GradientsAddUpWhereElementsAreReadTwice) {
  for (const Json& c : golden().at("read")) {
    if (!c.contains("out")) continue;
    SCOPED_TRACE(c.dump());
    // The elements that are read are their places, and weighted with 1, 2, 3, ...
    const Shape shape = shape_of(c.at("shape"));
    const auto places = c.at("out").at("elements").get<std::vector<size_t>>();
    std::vector<double> expected(static_cast<size_t>(shape.size()));
    for (size_t k = 0; k < places.size(); ++k) expected[places[k]] += static_cast<double>(k + 1);
    const Array weights = counting(shape_of(c.at("out").at("shape"))) + 1;
    const std::vector<Index> indices = indices_of(c);
    const auto gradient = grad([&](const Array& x) { return sum(subscript(x, indices) * weights); });
    EXPECT_EQ(values(gradient(counting(shape))), expected);
    EXPECT_EQ(values(gradient(column_major(counting(shape)))), expected);
    const ComposedGradients composed;
    EXPECT_EQ(values(gradient(counting(shape))), expected);
  }
}

TEST_P(Indexing, AssignsAsNumPyDoes) {
  const Json& cases = golden().at("assign");
  ASSERT_GE(cases.size(), 400u);
  for (const Json& c : cases) {
    SCOPED_TRACE(c.dump());
    const Shape shape = shape_of(c.at("shape"));
    const std::vector<Index> indices = indices_of(c);
    const Array value = array_of<double>(c.at("value"));
    for (const bool transposed : {false, true}) {
      Array x = transposed ? column_major(counting(shape)) : counting(shape);
      if (c.contains("out")) {
        assign(x, indices, value);
        expect_equal(x, c.at("out"));
      } else {
        EXPECT_TRUE(refused([&] { assign(x, indices, value); }));
        EXPECT_EQ(values(x), counted(shape.size())) << "a failed assignment has changed x";
      }
    }
  }
}

// ---- subscripts ----

TEST_P(Indexing, OneIndexNeedsNoBraces) {
  const Array x = counting({3, 4});
  EXPECT_EQ(values(x[{1}]), values(x[1]));
  EXPECT_EQ(values(x[{-1}]), values(x[-1]));
  EXPECT_EQ(x[{int32_t{1}}].storage(), x.storage());
  EXPECT_EQ(values(x[range(2)]), values(x[{range(2)}]));
  EXPECT_EQ(values(x[ints({2, 0})]), values(x[{ints({2, 0})}]));
  EXPECT_EQ(values(x[x > 9]), (std::vector<double>{10, 11}));
  EXPECT_EQ(to_string(x[new_axis].shape()), "[1, 3, 4]");
  EXPECT_EQ(values(x[{}]), values(x));
}

TEST_P(Indexing, RangesWithAndWithoutBounds) {
  const Array x = counting({5});
  EXPECT_EQ(values(x[range()]), values(x));
  EXPECT_EQ(values(x[range(2)]), (std::vector<double>{0, 1}));
  EXPECT_EQ(values(x[range(3, unbounded)]), (std::vector<double>{3, 4}));
  EXPECT_EQ(values(x[range(unbounded, unbounded, -2)]), (std::vector<double>{4, 2, 0}));
  EXPECT_EQ(values(x[range(1, -1, 2)]), (std::vector<double>{1, 3}));
  EXPECT_EQ(values(x[range(1, 100, std::numeric_limits<int64_t>::max())]), (std::vector<double>{1}));
  EXPECT_EQ(values(x[range(unbounded, unbounded, std::numeric_limits<int64_t>::min())]),
            (std::vector<double>{4}));
}

// The op behind views, called by its name.
TEST_P(Indexing, TheOpBehindViewsNamesAShapeThatDoesNotFit) {
  const Row& index = get_op("index");
  const auto call = [&](const Shape& shape) {
    const Array x = zeros({4, 6});
    const ArrayRef in[] = {x};
    const Axes start{1, 0}, count{2, 3}, step{1, 2};
    const Value attr[] = {start, count, step, shape};
    Array y;
    dispatch(index, in, 1, attr, 4, &y, 1);
    return y;
  };
  EXPECT_EQ(to_string(call({2, 1, 3}).shape()), "[2, 1, 3]");
  EXPECT_MESSAGE(ShapeError, call({2, 3, 2}), "index: cannot become [2, 3, 2]");
  EXPECT_MESSAGE(ShapeError, call({2, 2}), "index: cannot become [2, 2]");
  EXPECT_MESSAGE(ShapeError, call({2}), "index: cannot become [2]");
}

TEST_P(Indexing, ViewsShareTheirStorageAndCopiesDoNot) {
  const Array x = counting({3, 4, 2});
  EXPECT_EQ((x[{0, range(1, -1, 2), new_axis, ellipsis}]).storage(), x.storage());
  EXPECT_EQ((x[{ellipsis, 1}]).storage(), x.storage());
  EXPECT_NE((x[{ints({0, 1})}]).storage(), x.storage());
  EXPECT_NE((x[{0, truths({true, true, true, true})}]).storage(), x.storage());
}

TEST_P(Indexing, OfOtherDTypes) {
  const Array x = Array::from_data<int32_t>({1, 2, 3});
  EXPECT_EQ((x[{ints({2, 2, -3})}]).to_vector<int32_t>(), (std::vector<int32_t>{3, 3, 1}));
  const Array b = truths({true, false, true});
  EXPECT_EQ(cast(b[{ints({1, 2})}], int32).to_vector<int32_t>(), (std::vector<int32_t>{0, 1}));
  Array f = cast(x, float32);
  assign(f, {ints({0, 2})}, Array::from_data<double>({-1.5, 7}));
  EXPECT_EQ(f.to_vector<float>(), (std::vector<float>{-1.5F, 2, 7}));
}

// ---- gradients against differences ----

TEST_P(Indexing, GradientsOfMixes) {
  PLUGRAD_NEEDS_HOST_MEMORY();
  const Array x = uniform({4, 3, 5}, -1, 1), mask = uniform({3, 5}) > 0.5, rows = ints({3, 0, 3, -1});
  const std::vector<std::vector<Index>> mixes = {
      {0, range(unbounded, unbounded, -2), ellipsis},
      {ellipsis, new_axis, -1},
      {rows},
      {rows, ellipsis, Array::from_data<int64_t>({1, 1, 4, 1}, {4})},
      {rows, 1, Array::from_data<int64_t>({0, -5, 2}, {3, 1})},
      {range(1, unbounded), mask},
      {truths({true, false, true, true}), new_axis, range(2), range(unbounded, unbounded, 3)},
      {rows[{0}], range(), Array::from_data<int64_t>({2, 2, 2, 0}, {2, 2})}};
  for (const std::vector<Index>& mix : mixes) {
    const auto first = [&](const Array& a) { return sum(sin(subscript(a * a, mix))); };
    EXPECT_LT(gradcheck(first, x, 20, 5).worst, 1e-6);
    const auto second = [&](const Array& a) { return sum(square(grad(first)(a))); };
    EXPECT_LT(gradcheck(second, x, 20, 5).worst, 1e-6);
  }
}

// ---- assignment ----

TEST_P(Indexing, AssignsNumbersAndArraysOfOtherDTypes) {
  Array x = counting({2, 3});
  assign(x, {0, range(1, unbounded)}, 7);
  assign(x, {1, ints({0, 2})}, -0.5);
  EXPECT_EQ(values(x), (std::vector<double>{0, 7, 7, -0.5, 4, -0.5}));
  Array i = Array::from_data<int64_t>({1, 2, 3});
  assign(i, {0}, int64_t{1} << 60);
  assign(i, {1}, -2.75);  // truncated, as cast does
  assign(i, {2}, truths({true}));
  EXPECT_EQ(i.to_vector<int64_t>(), (std::vector<int64_t>{int64_t{1} << 60, -2, 1}));
  Array b = truths({false, false, true});
  assign(b, {range(2)}, 1);
  assign(b, {2}, 0.0);
  EXPECT_EQ(cast(b, int32).to_vector<int32_t>(), (std::vector<int32_t>{1, 1, 0}));
  assign(x, {}, 1);
  EXPECT_EQ(values(x), std::vector<double>(6, 1));
  assign(x, {equal(x, 1)}, 2);
  EXPECT_EQ(values(x), std::vector<double>(6, 2));
}

TEST_P(Indexing, AssignmentIsSeenThroughAllViews) {
  Array x = counting({3, 2});
  const Array turned = transpose(x);
  Array row = x[1];
  assign(row, {range(unbounded, unbounded, -1)}, Array::from_data<double>({10, 11}));
  EXPECT_EQ(values(turned), (std::vector<double>{0, 11, 4, 1, 10, 5}));
}

TEST_P(Indexing, AssignmentReadsTheValuesFromBefore) {
  Array x = counting({5});
  assign(x, {range(1, unbounded)}, x[range(-1)]);
  EXPECT_EQ(values(x), (std::vector<double>{0, 0, 1, 2, 3}));
  x = counting({5});
  assign(x, {ints({4, 3, 2, 1, 0})}, x);
  EXPECT_EQ(values(x), (std::vector<double>{4, 3, 2, 1, 0}));
  Array i = ints({2, 0, 1});
  assign(i, {i}, i);
  EXPECT_EQ(i.to_vector<int64_t>(), (std::vector<int64_t>{0, 1, 2}));
}

TEST_P(Indexing, TheLastOfSeveralAssignmentsToOnePlaceStays) {
  constexpr int64_t n = 20000;
  const Array index = random_index(n, 7), value = counting({n});
  Array x = zeros({7}, float64);
  assign(x, {index}, value);
  std::vector<double> expected(7);
  const auto places = index.to_vector<int64_t>();
  const auto v = values(value);
  for (size_t k = 0; k < v.size(); ++k) expected[static_cast<size_t>(places[k])] = v[k];
  EXPECT_EQ(values(x), expected);
}

TEST_P(Indexing, AFailedAssignmentLeavesEverythingAsItWas) {
  Array x = counting({4, 3});
  EXPECT_MESSAGE(ShapeError, assign(x, {ints({0, 1, 4}), ints({0, 0, 0})}, 9), "index 4 out of range for 4");
  EXPECT_MESSAGE(ShapeError, assign(x, {4}, 9), "assign: index 4 out of range for axis 0 of shape [4, 3]");
  EXPECT_MESSAGE(ShapeError, assign(x, {range(2)}, ones({4, 3})),
                 "assign: a value of shape [4, 3] does not fit into [2, 3]");
  EXPECT_MESSAGE(ShapeError, assign(x, {ints({0, 1})}, ones({3, 3})),
                 "assign: a value of shape [3, 3] does not fit into [2, 3]");
  EXPECT_MESSAGE(Error, assign(x, {0}, Array()), "assign: an empty array as the value");
  EXPECT_EQ(values(x), counted(12));
  Array nothing;
  EXPECT_MESSAGE(Error, assign(nothing, {0}, 1), "assign: an empty array");
}

TEST_P(Indexing, RepeatedElementsCannotBeOverwritten) {
  Array x = expand(ones({3, 1}), {3, 2});
  EXPECT_MESSAGE(Error, assign(x, {0}, 2),
                 "assign: can't overwrite a view of shape [3, 2] that repeats elements");
  Array y = counting({3, 4});
  Array diagonal = y.view(std::array<int64_t, 1>{3}.data(), std::array<int64_t, 1>{5}.data(), 1);
  assign(diagonal, {range(1, unbounded)}, -1);
  EXPECT_EQ(values(y), (std::vector<double>{0, 1, 2, 3, 4, -1, 6, 7, 8, 9, -1, 11}));
}

TEST_P(Indexing, WhatIsRecordedCannotBeOverwritten) {
  const Array x = counting({3});
  EXPECT_MESSAGE(Error, grad([](const Array& a) {
                   Array y = a * 2;
                   assign(y, {0}, 1);
                   return sum(y);
                 })(x),
                 "assign: can't overwrite the result of mul");
  EXPECT_MESSAGE(Error, grad([](const Array& a) {
                   Array y = a;
                   assign(y, {ints({0})}, 1);
                   return sum(y);
                 })(x),
                 "assign: can't overwrite an argument of grad");
  EXPECT_EQ(values(x), counted(3));
}

TEST_P(Indexing, WhatTheGradientNeedsCannotBeOverwritten) {
  for (const bool by_array : {false, true}) {
    Array w = counting({3});
    const auto f = [&](const Array& x) {
      Array y = sum(x * w);
      if (by_array) assign(w, {ints({1})}, 5);
      else assign(w, {1}, 5);
      return y;
    };
    const std::string message = message_of<Error>([&] { grad(f)(counting({3})); });
    EXPECT_EQ(message, "mul: its input 1, which the gradient needs, was overwritten by assign");
  }
}

TEST_P(Indexing, AValueWithAGradientCannotBeAssigned) {
  Array buffer = zeros({2}, float64);
  const auto f = [&](const Array& x) {
    assign(buffer, {0}, x);
    return sum(x * buffer);
  };
  EXPECT_MESSAGE(Error, grad(f)(Array(2.0)), "assign: the value is being recorded");
  const auto detached = [&](const Array& x) {
    assign(buffer, {0}, x.detach());
    {
      const NoGrad off;
      assign(buffer, {1}, x);
    }
    return sum(x * 2);
  };
  EXPECT_EQ(grad(detached)(Array(2.0)).item(), 2);
  EXPECT_EQ(values(buffer), (std::vector<double>{2, 2}));
}

// ---- texts of errors ----

TEST_P(Indexing, SubscriptErrorsSayWhatIsWrong) {
  const Array x = counting({2, 5});
  EXPECT_MESSAGE(ShapeError, (x[{1, 5}]), "index: index 5 out of range for axis 1 of shape [2, 5]");
  EXPECT_MESSAGE(ShapeError, (x[{-3, 0}]), "index: index -3 out of range for axis 0 of shape [2, 5]");
  EXPECT_MESSAGE(ShapeError, (x[{0, 0, 0}]), "index: indices for 3 axes, for shape [2, 5]");
  EXPECT_MESSAGE(ShapeError, (x[{ellipsis, ellipsis}]), "index: more than one ellipsis");
  EXPECT_MESSAGE(ShapeError, (x[{range(0, 1, 0)}]), "index: a range with a step of 0");
  EXPECT_MESSAGE(ShapeError, (x[{truths({true, false, true})}]),
                 "index: a mask of shape [3] from axis 0 of shape [2, 5] on");
  EXPECT_MESSAGE(ShapeError, (x[{range(), ones({2, 5}) > 0}]), "index: indices for 3 axes, for shape [2, 5]");
  EXPECT_MESSAGE(DTypeError, (x[{ones({2})}]), "index: an index array of float32");
  EXPECT_MESSAGE(Error, (x[{Array()}]), "index: an empty array as an index");
  EXPECT_MESSAGE(Error, (Array()[{0, 1}]), "index: an empty array");
  EXPECT_MESSAGE(ShapeError, (x[{new_axis, new_axis, new_axis, new_axis, new_axis, new_axis, new_axis}]),
                 "index: more than 8 axes");
  EXPECT_MESSAGE(ShapeError, (x[{ints({0, 1}), ints({0, 1, 2})}]),
                 "index: indices of shape [2] and [3] do not broadcast");
  EXPECT_MESSAGE(ShapeError, (x[{ints({0, 2})}]), "index 2 out of range for 2 elements");
  EXPECT_MESSAGE(ShapeError, (x[{ints({0, 1}), ints({0, -6})}]), "index -6 out of range for 5 elements");
}

// ---- functions by index ----

TEST_P(Indexing, TakeAndItsKin) {
  const Array x = counting({2, 3});
  EXPECT_EQ(values(take(x, ints({5, -1, 0}))), (std::vector<double>{5, 5, 0}));
  EXPECT_EQ(values(take(transpose(x), ints({1, 5}))), (std::vector<double>{3, 5}));
  EXPECT_EQ(values(take(x, ints({-1, 0}), 1)), (std::vector<double>{2, 0, 5, 3}));
  EXPECT_EQ(to_string(take(x, zeros({4, 5}, int32), -1).shape()), "[2, 4, 5]");
  EXPECT_EQ(values(index_select(x, 0, ints({1, 1}))), (std::vector<double>{3, 4, 5, 3, 4, 5}));
  EXPECT_EQ(values(index_add(x, 1, ints({0, 0}), ones({2, 2}, float64))),
            (std::vector<double>{2, 1, 2, 5, 4, 5}));
  EXPECT_EQ(index_add(x, 0, ints({0}), ones({1, 3}, int32)).dtype(), float64);
  EXPECT_EQ(normalize_index(ints({-1, 0, 2}), 3).to_vector<int64_t>(), (std::vector<int64_t>{2, 0, 2}));

  EXPECT_MESSAGE(ShapeError, take(x, ints({6})), "index 6 out of range for 6 elements");
  EXPECT_MESSAGE(ShapeError, take(x, ints({-4}), 1), "index -4 out of range for 3 elements");
  EXPECT_MESSAGE(ShapeError, take(x, ints({0}), 2), "take: axis 2 out of range for shape [2, 3]");
  EXPECT_MESSAGE(ShapeError, take(counting({0}), ints({0})), "index 0 out of range for 0 elements");
  EXPECT_MESSAGE(ShapeError, index_select(x, 0, ints({-1})), "index -1 out of range for 2 elements");
  EXPECT_MESSAGE(ShapeError, index_select(x, 0, zeros({1, 1}, int64)),
                 "index_select: needs an index of one axis, not shape [1, 1]");
  EXPECT_MESSAGE(ShapeError, index_add(x, 0, ints({0, 1}), ones({3, 3}, float64)),
                 "index_add: needs a source of shape [2, 3]");
  EXPECT_MESSAGE(ShapeError, index_add(x, 0, ints({2}), ones({1, 3}, float64)),
                 "index 2 out of range for 2 elements");
  EXPECT_MESSAGE(ShapeError, index_add(x, 0, zeros({1, 1}, int64), x),
                 "index_add: needs an index of one axis");
  EXPECT_MESSAGE(ShapeError, normalize_index(ints({3}), 3), "index 3 out of range for 3 elements");
  const Array two[] = {ints({0}), ints({0})};
  EXPECT_MESSAGE(ShapeError, ravel_index(two, {3}), "ravel_index: 1 lengths for 2 indices");
  EXPECT_MESSAGE(ShapeError, ravel_index(two, {3, -1}), "ravel_index: negative length -1");
  EXPECT_MESSAGE(ShapeError, ravel_index(two, {int64_t{1} << 40, int64_t{1} << 40}),
                 "ravel_index: lengths whose product is no int64");
}

TEST_P(Indexing, GatherAndScatter) {
  const Array x = counting({2, 3}), index = Array::from_data<int64_t>({2, 2, 0, 1}, {2, 2});
  EXPECT_EQ(values(gather(x, 1, index)), (std::vector<double>{2, 2, 3, 4}));
  EXPECT_EQ(values(scatter_add(zeros({2, 3}, float64), -1, index, counting({2, 2}) + 1)),
            (std::vector<double>{0, 0, 3, 3, 4, 0}));
  EXPECT_MESSAGE(ShapeError, gather(x, 1, ints({0})), "gather: needs an index of 2 axes");
  EXPECT_MESSAGE(ShapeError, gather(x, 1, zeros({3, 1}, int64)), "gather: the index is longer in axis 0");
  EXPECT_MESSAGE(ShapeError, gather(x, 2, index), "gather: axis 2 out of range");
  EXPECT_MESSAGE(ShapeError, gather(x, 0, index), "index 2 out of range for 2 elements");
  EXPECT_MESSAGE(ShapeError, gather(x, 1, index * 0 - 1), "index -1 out of range for 3 elements");
  EXPECT_MESSAGE(ShapeError, scatter_add(x, 1, index, ones({2, 3}, float64)),
                 "scatter_add: needs a source of the index's shape");
  EXPECT_MESSAGE(ShapeError, scatter_add(x, 1, index + 1, counting({2, 2})),
                 "index 3 out of range for 3 elements");
}

TEST_P(Indexing, SumsAreTheSameBitsEachTime) {
  const Array index = random_index(30000, 5), source = uniform({30000}, -1, 1), x = zeros({5});
  const auto once = index_add(x, 0, index, source).to_vector<float>();
  const auto scattered = scatter_add(x, 0, index, source).to_vector<float>();
  for (int k = 0; k < 3; ++k) {
    EXPECT_EQ(index_add(x, 0, index, source).to_vector<float>(), once);
    EXPECT_EQ(scatter_add(x, 0, index, source).to_vector<float>(), scattered);
  }
}

TEST_P(Indexing, WhereAnArrayIsNotZero) {
  const Array x = Array::from_data<double>({0, -1, std::nan(""), -0.0, 2}, {5});
  EXPECT_EQ(flatnonzero(x).to_vector<int64_t>(), (std::vector<int64_t>{1, 2, 4}));
  EXPECT_EQ(flatnonzero(x, 2).to_vector<int64_t>(), (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(flatnonzero(x, 4).to_vector<int64_t>(), (std::vector<int64_t>{1, 2, 4, 5}));
  EXPECT_EQ(flatnonzero(zeros({3}, bool_)).size(), 0);
  EXPECT_MESSAGE(ShapeError, flatnonzero(x, -1), "flatnonzero: the first -1 places");
  const Array y = counting({2, 3});
  EXPECT_EQ(values(masked_select(y, y > 2)), (std::vector<double>{3, 4, 5}));
  EXPECT_EQ(values(masked_select(y, truths({true, false, true}))), (std::vector<double>{0, 2, 3, 5}));
  EXPECT_EQ(values(masked_select(counting({2}), ones({3, 1}) > 0)), (std::vector<double>{0, 1, 0, 1, 0, 1}));
  EXPECT_EQ(values(grad([&](const Array& a) { return sum(square(masked_select(a, y > 3))); })(y)),
            (std::vector<double>{0, 0, 0, 0, 8, 10}));
  EXPECT_MESSAGE(DTypeError, masked_select(y, y), "masked_select: needs a mask of bool, not float64");
  EXPECT_MESSAGE(ShapeError, masked_select(y, truths({true, false})),
                 "masked_select: cannot broadcast for shape [2, 3] and [2]");
}

// ---- elements in other places ----

TEST_P(Indexing, PadRollRepeatTile) {
  const Array x = counting({2, 2});
  EXPECT_EQ(values(pad(x, {0, 1}, {1, 0}, -1)), (std::vector<double>{-1, 0, 1, -1, 2, 3, -1, -1, -1}));
  EXPECT_EQ(values(roll(x, 3, 0)), (std::vector<double>{2, 3, 0, 1}));
  EXPECT_EQ(values(roll(counting({3}), std::numeric_limits<int64_t>::min(), 0)),
            (std::vector<double>{2, 0, 1}));
  EXPECT_EQ(values(repeat(x, 2, 1)), (std::vector<double>{0, 0, 1, 1, 2, 2, 3, 3}));
  EXPECT_EQ(values(repeat(transpose(x), 2, 0)), (std::vector<double>{0, 2, 0, 2, 1, 3, 1, 3}));
  EXPECT_EQ(to_string(repeat(x, 0, -1).shape()), "[2, 0]");
  EXPECT_EQ(values(tile(x, {1, 2})), (std::vector<double>{0, 1, 0, 1, 2, 3, 2, 3}));
  EXPECT_EQ(values(tile(counting({2}), {2, 2})), (std::vector<double>{0, 1, 0, 1, 0, 1, 0, 1}));
  EXPECT_EQ(values(tile(x, 2)), values(tile(x, {1, 2})));
  EXPECT_EQ(to_string(tile(x, {3, 1, 0}).shape()), "[3, 2, 0]");
  EXPECT_NE(tile(x, {1, 1}).storage(), x.storage());
  EXPECT_NE(repeat(x, 1, 0).storage(), x.storage());
  const Array wide = counting({1, 2, 1, 2, 1, 2, 1, 2});
  EXPECT_EQ(values(repeat(wide, 2, 3)), values(take(wide, ints({0, 0, 1, 1}), 3)));
  EXPECT_EQ(values(tile(wide, {1, 1, 1, 2, 1, 1, 1, 1})), values(take(wide, ints({0, 1, 0, 1}), 3)));
  const auto f = [](const Array& a) { return sum(square(tile(repeat(a, 3, 0), {2, 2}))); };
  EXPECT_EQ(values(grad(f)(x)), (std::vector<double>{0, 24, 48, 72}));
}

TEST_P(Indexing, PadRollRepeatTileErrors) {
  const Array x = counting({2, 2});
  EXPECT_MESSAGE(ShapeError, pad(x, {1}, {1, 1}), "pad: needs 2 numbers of elements before and after");
  EXPECT_MESSAGE(ShapeError, pad(x, {1, -1}, {1, 1}), "pad: -1 elements before and 1 after axis 1");
  EXPECT_MESSAGE(ShapeError, pad(cast(x, int32), {1, 1}, {1, 1}, 3e9), "pad: 3000000000 is no int32");
  EXPECT_MESSAGE(ShapeError, pad(cast(x, int64), {1, 1}, {1, 1}, std::nan("")), "pad: nan is no int64");
  EXPECT_MESSAGE(ShapeError, roll(x, 1, 2), "roll: axis 2 out of range for shape [2, 2]");
  EXPECT_MESSAGE(ShapeError, repeat(x, -1, 0), "repeat: each element -1 times");
  EXPECT_MESSAGE(ShapeError, repeat(x, 1, 2), "repeat: axis 2 out of range for shape [2, 2]");
  EXPECT_MESSAGE(ShapeError, tile(x, {1, -2}), "tile: -2 times along an axis");
}

// ---- embedding's gradient, composed ----

TEST_P(Indexing, TheComposedGradientOfEmbeddingNeedsNoOneHotMatrix) {
  PLUGRAD_NEEDS_HOST_MEMORY();
  const Array index = random_index(64, 200000), weight = zeros({200000, 2}, float64);
  const auto f = [&](const Array& w) { return sum(embedding(w, index) * 3); };
  const Array g = grad(f)(weight);
  const ComposedGradients composed;
  release_host_cache();
  EXPECT_EQ(values(grad(f)(weight)), values(g));
  EXPECT_LT(host_cache_statistics().cached_bytes, 20 << 20);  // of the 100 MB that it would have had
}

}  // namespace
}  // namespace plugrad
