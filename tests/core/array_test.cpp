// Arrays: construction, access, views that share memory, promotion, devices.
#include <gtest/gtest.h>

#include <thread>

#include "plugrad/ops/ops.h"
#include "plugrad/tests/support/backends.h"

namespace plugrad {
namespace {

class Arrays : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { set_default_device(GetParam()); }
  void TearDown() override { set_default_device("cpu"); }
};
INSTANTIATE_TEST_SUITE_P(Backends, Arrays, testing::ValuesIn(tests::backends_under_test()),
                         tests::backend_name);

TEST_P(Arrays, ComeFromDataAndGoBack) {
  const Array x = Array::from_data<float>({1, 2, 3, 4, 5, 6}, {2, 3});
  EXPECT_EQ(x.shape(), (Shape{2, 3}));
  EXPECT_EQ(x.dtype(), float32);
  EXPECT_EQ(x.device(), parse_device(GetParam()));
  EXPECT_EQ(transpose(x).to_vector<float>(), (std::vector<float>{1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(x[1][2].item<int>(), 6);
  EXPECT_EQ(x[-1][-3].item<int>(), 4);
  EXPECT_EQ(Array(2.5).item(), 2.5);
}

TEST_P(Arrays, RefuseWhatDoesNotFit) {
  EXPECT_THROW(Array::from_data<float>({1, 2, 3}, {2, 2}), ShapeError);
  EXPECT_THROW((Shape{1, -2}), ShapeError);
  EXPECT_THROW((Shape{1, 1, 1, 1, 1, 1, 1, 1, 1}), ShapeError);
  const Array x = zeros({2, 3});
  EXPECT_THROW(x.item(), ShapeError);
  EXPECT_THROW(x.data<double>(), DTypeError);
  EXPECT_THROW(x.to_vector<int32_t>(), DTypeError);
  EXPECT_THROW(x[2], ShapeError);
  EXPECT_THROW(x.dim(2), ShapeError);
  EXPECT_THROW(Array().item(), Error);
  EXPECT_THROW(exp(Array()), Error);
}

TEST_P(Arrays, ViewsShareMemory) {
  PLUGRAD_NEEDS_HOST_MEMORY();
  Array x = zeros({4, 3});
  const Array row = x[2], column = select(x, 1, 0), odd = slice(x, 0, 1, 4, 2), turned = transpose(x);
  float* p = x.mutable_data<float>();
  for (int i = 0; i < 12; ++i) p[i] = static_cast<float>(i);
  EXPECT_EQ(row.to_vector<float>(), (std::vector<float>{6, 7, 8}));
  EXPECT_EQ(column.to_vector<float>(), (std::vector<float>{0, 3, 6, 9}));
  EXPECT_EQ(odd.to_vector<float>(), (std::vector<float>{3, 4, 5, 9, 10, 11}));
  EXPECT_EQ(flip(x, 1)[0].to_vector<float>(), (std::vector<float>{2, 1, 0}));
  EXPECT_FALSE(turned.contiguous());
  EXPECT_EQ(turned.strides()[1], 3);
  EXPECT_EQ(reshape(turned, {2, -1})[1].to_vector<float>(), (std::vector<float>{7, 10, 2, 5, 8, 11}));
}

TEST_P(Arrays, ReshapeTakesViewsWhereItCan) {
  const Array x = zeros({4, 6});
  EXPECT_EQ(reshape(x, {2, 2, -1}).storage(), x.storage());
  EXPECT_EQ(reshape(slice(x, 1, 0, 6, 2), {2, 2, 3}).storage(), x.storage());
  EXPECT_NE(reshape(transpose(x), {24}).storage(), x.storage());
  EXPECT_THROW(reshape(x, {5, -1}), ShapeError);
  EXPECT_THROW(reshape(x, {-1, -1}), ShapeError);
  EXPECT_THROW(reshape(x, {4, 5}), ShapeError);
}

TEST_P(Arrays, AxpyWritesInPlaceThroughAllViews) {
  PLUGRAD_NEEDS_HOST_MEMORY();
  Array x = zeros({2, 2});
  const Array seen = x[0];
  axpy(2, ones({2, 2}), x);
  EXPECT_EQ(seen.to_vector<float>(), (std::vector<float>{2, 2}));
  x.mutable_data<float>()[1] = 5;
  axpy(1, transpose(x), x);  // reads the values from before
  EXPECT_EQ(x.to_vector<float>(), (std::vector<float>{4, 7, 7, 4}));
  EXPECT_THROW(axpy(1, ones({3}), x), ShapeError);
  Array turned = transpose(zeros({2, 3}));
  EXPECT_THROW(axpy(1, ones({3, 2}), turned), ShapeError);
}

TEST_P(Arrays, Promote) {
  const Array b = Array::from_data<bool>({true, false}), i = Array::from_data<int32_t>({1, 2}),
              l = Array::from_data<int64_t>({1, 2}), f = Array::from_data<float>({1, 2}),
              d = Array::from_data<double>({1, 2});
  EXPECT_EQ((i + l).dtype(), int64);
  EXPECT_EQ((l + f).dtype(), float32);
  EXPECT_EQ((f + d).dtype(), float64);
  EXPECT_EQ((i * 2).dtype(), int32);
  EXPECT_EQ((i * 2.5).dtype(), float32);
  EXPECT_EQ((d * 2.5f).dtype(), float64);
  EXPECT_EQ((i / i).dtype(), float32);
  EXPECT_EQ(exp(i).dtype(), float32);
  EXPECT_EQ(sum(b).dtype(), int64);
  EXPECT_EQ(sum(b).item<int>(), 1);
  EXPECT_EQ(where(b, i, f).dtype(), float32);
  EXPECT_EQ(concat({i, l}, 0).dtype(), int64);
  EXPECT_THROW(b + b, DTypeError);  // no sum of truth values
}

TEST_P(Arrays, MoveBetweenBackendsDifferentiably) {
  const std::string other = GetParam() == "cpu" ? "reference" : "cpu";
  load_backend(other);
  const Array x = Array::from_data<double>({1, 2});
  const Array y = x.to(parse_device(other));
  EXPECT_EQ(to_string(y.device()), other);
  EXPECT_THROW(x + y, DeviceError);
  const Array g =
      grad([&](const Array& w) { return sum(square(w.to(parse_device(other)))).to(w.device()); })(x);
  EXPECT_EQ(g.to_vector<double>(), (std::vector<double>{2, 4}));
  EXPECT_EQ(g.device(), parse_device(GetParam()));
}

TEST_P(Arrays, SumsOfManyAreExact) {
  EXPECT_EQ(sum(ones({20'000'000})).item(), 20'000'000);
  EXPECT_NEAR(sum(full({10'000'000}, 0.1)).item() / (10'000'000 * static_cast<double>(0.1f)), 1, 1e-6);
}

TEST_P(Arrays, RandomNumbersRepeatAndDoNotDependOnTheBackend) {
  set_seed(7);
  const Array a = uniform({1000}), b = uniform({1000});
  set_seed(7);
  EXPECT_EQ(uniform({1000}).to_vector<float>(), a.to_vector<float>());
  EXPECT_NE(a.to_vector<float>(), b.to_vector<float>());
  set_default_device("reference");
  set_seed(7);
  EXPECT_EQ(uniform({1000}).to_vector<float>(), a.to_vector<float>());
}

TEST_P(Arrays, ReleasedOnAnotherThreadAreNoTrouble) {
  std::vector<Array> made;
  std::thread([&] {
    for (int i = 0; i < 1000; ++i) made.push_back(full({16}, i));
  }).join();
  EXPECT_EQ(made[999][15].item(), 999);
  std::thread([moved = std::move(made)]() mutable { moved.clear(); }).join();
}

}  // namespace
}  // namespace plugrad
