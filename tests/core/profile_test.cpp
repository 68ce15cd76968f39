// Profiles: what they count, and that they leave nothing behind.
#include "plugrad/core/profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "plugrad/ops/ops.h"

namespace plugrad {
namespace {

const ProfileEntry* find(const std::vector<ProfileEntry>& entries, const std::string& op) {
  for (const ProfileEntry& e : entries)
    if (e.op == op) return &e;
  return nullptr;
}

class ProfileTest : public testing::Test {
 protected:
  void SetUp() override { set_default_device("cpu"); }
};

TEST_F(ProfileTest, CountsCallsBytesAndTimes) {
  const Array x = normal({100, 50});
  const Profile profile;
  for (int k = 0; k < 3; ++k) exp(x);
  const std::vector<ProfileEntry> entries = profile.entries();
  const ProfileEntry* e = find(entries, "exp");
  ASSERT_TRUE(e);
  EXPECT_EQ(e->calls, 3);
  EXPECT_EQ(e->backend, "cpu");
  EXPECT_EQ(e->bytes, 3 * 2 * 100 * 50 * 4);
  EXPECT_GT(e->kernel_seconds, 0);
  EXPECT_GT(e->framework_seconds, 0);
  EXPECT_FALSE(find(entries, "normal"));
}

// A multiplication and an addition for each product; as many again for each operand's gradient.
TEST_F(ProfileTest, CountsTheArithmeticOfProducts) {
  const Array x = normal({6, 5, 4}), w = normal({4, 3}), image = normal({2, 4, 7, 7}),
              filters = normal({6, 2, 3, 3});
  const Profile profile;
  grad([&](const Array& v) { return sum(matmul(x, v)); })(w);
  grad([&](const std::array<Array, 2>& v) { return sum(conv2d(v[0], v[1], {.groups = 2})); })(
      std::array{image, filters});
  const std::vector<ProfileEntry> entries = profile.entries();
  EXPECT_EQ(find(entries, "matmul")->flops, 2 * 6 * 5 * 4 * 3);
  EXPECT_EQ(find(entries, "matmul gradient")->flops, 2 * 6 * 5 * 4 * 3);
  EXPECT_EQ(find(entries, "conv2d")->flops, 2 * 2 * 6 * 5 * 5 * 2 * 3 * 3);
  EXPECT_EQ(find(entries, "conv2d gradient")->flops, 2 * 2 * 2 * 6 * 5 * 5 * 2 * 3 * 3);
}

TEST_F(ProfileTest, TellsForwardFromGradient) {
  const Array x = normal({10});
  const Profile profile;
  grad([](const Array& w) { return sum(exp(w)); })(x);
  const std::vector<ProfileEntry> entries = profile.entries();
  ASSERT_TRUE(find(entries, "exp"));
  ASSERT_TRUE(find(entries, "exp gradient"));
  EXPECT_EQ(find(entries, "exp gradient")->calls, 1);
  EXPECT_TRUE(find(entries, "sum"));
}

TEST_F(ProfileTest, OfAViewHasNoKernel) {
  const Array x = normal({10, 2});
  const Profile profile;
  permute(x, {1, 0});
  const std::vector<ProfileEntry> entries = profile.entries();
  ASSERT_TRUE(find(entries, "permute"));
  EXPECT_EQ(find(entries, "permute")->kernel_seconds, 0);
  EXPECT_EQ(find(entries, "permute")->backend, "");
}

TEST_F(ProfileTest, EndsWithItsScope) {
  const Array x = normal({10});
  const Profile outer;
  {
    const Profile inner;
    exp(x);
    EXPECT_TRUE(find(inner.entries(), "exp"));
  }
  log(x);
  EXPECT_FALSE(find(outer.entries(), "exp"));
  EXPECT_TRUE(find(outer.entries(), "log"));
}

TEST_F(ProfileTest, SurvivesAFailedCall) {
  const Profile profile;
  EXPECT_THROW(add(normal({2}), normal({3})), ShapeError);
  exp(normal({2}));
  EXPECT_EQ(find(profile.entries(), "exp")->calls, 1);
}

TEST_F(ProfileTest, IsATableAndATrace) {
  const Array x = normal({64, 64});
  const Profile profile;
  exp(x);
  EXPECT_THAT(profile.to_text(1e11), testing::HasSubstr("exp"));
  const nlohmann::json trace = nlohmann::json::parse(profile.to_trace());
  ASSERT_EQ(trace["traceEvents"].size(), 2u);  // the kernel, and the op around it
  const auto &kernel = trace["traceEvents"][0], &op = trace["traceEvents"][1];
  EXPECT_EQ(kernel["cat"], "kernel");
  EXPECT_EQ(op["cat"], "op");
  EXPECT_LE(op["ts"].get<double>(), kernel["ts"].get<double>());
  EXPECT_GE(op["dur"].get<double>(), kernel["dur"].get<double>());
}

TEST_F(ProfileTest, KnowsThePeak) { EXPECT_GT(peak_flops(default_device()), 1e8); }

}  // namespace
}  // namespace plugrad
