// Random numbers: the generator's known answers, equal bits everywhere, distributions by chi-square at fixed
// seeds, and what is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "plugrad/backends/cpu/philox.h"
#include "plugrad/backends/reference/philox.h"
#include "plugrad/ops/ops.h"
#include "plugrad/tests/support/backends.h"

namespace plugrad {
namespace {

using ::testing::HasSubstr;

class Random : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { set_default_device(GetParam()); }
  void TearDown() override {
    set_default_device("cpu");
    set_num_threads(1);
  }
};
INSTANTIATE_TEST_SUITE_P(Backends, Random, testing::ValuesIn(tests::backends_under_test()),
                         tests::backend_name);

// Also where the error is found on a device, and said when the host waits for it.
template <class F>
std::string refusal(F f) {
  try {
    f();
    synchronize(default_device());
  } catch (const ShapeError& e) {
    return e.what();
  }
  return "no ShapeError";
}

// Pearson's statistic; `expected` are probabilities.
double chi_square(const std::vector<int64_t>& counts, const std::vector<double>& expected) {
  const auto n = static_cast<double>(std::accumulate(counts.begin(), counts.end(), int64_t{0}));
  double sum = 0;
  for (size_t k = 0; k < counts.size(); ++k) {
    const double wanted = n * expected[k];
    sum += (static_cast<double>(counts[k]) - wanted) * (static_cast<double>(counts[k]) - wanted) / wanted;
  }
  return sum;
}
std::vector<double> even(size_t n) { return std::vector<double>(n, 1 / static_cast<double>(n)); }
// What the statistic exceeds with probability 1e-4 (Wilson and Hilferty 1931): each test here is at one seed.
double bound(size_t outcomes) {
  const double k = static_cast<double>(outcomes) - 1, v = 2 / (9 * k);
  return k * std::pow(1 - v + 3.719 * std::sqrt(v), 3);
}

// The paper's own, as its Random123 library has them: counter, key, result.
struct KnownAnswer {
  uint64_t block, offset, seed;
  std::array<uint32_t, 4> words;
};
constexpr KnownAnswer known_answers[] = {
    {0, 0, 0, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
    {~uint64_t{0}, ~uint64_t{0}, ~uint64_t{0}, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
    {0x85a308d3243f6a88,
     0x0370734413198a2e,
     0x299f31d0a4093822,
     {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}}};

TEST(Philox, HasThePapersKnownAnswers) {
  for (const KnownAnswer& k : known_answers) {
    EXPECT_EQ((cpu::Philox{k.seed, k.offset}(k.block)), k.words);
    EXPECT_EQ(reference::philox(k.block, k.offset, k.seed), k.words);
  }
}

std::vector<int32_t> zeros_and_ones(const Array& x) { return cast(x, int32).to_vector<int32_t>(); }

// An element is true from a probability on that its word says.
TEST_P(Random, BernoulliComparesThePapersWords) {
  for (size_t k = 0; k < 4; ++k) {
    const double word = known_answers[0].words[k];
    Generator g{0, 0}, same{0, 0};
    EXPECT_EQ(zeros_and_ones(bernoulli({4}, word * 0x1p-32, g))[k], 0);
    EXPECT_EQ(zeros_and_ones(bernoulli({4}, (word + 1) * 0x1p-32, same))[k], 1);
  }
}

TEST_P(Random, EachDrawCountsOneAndTheSeedRestarts) {
  set_seed(7);
  const std::vector<int64_t> first = permutation(20).to_vector<int64_t>();
  EXPECT_EQ(default_generator().offset, 1u);
  EXPECT_NE(permutation(20).to_vector<int64_t>(), first);
  bernoulli({3});
  randint({3}, 0, 9);
  multinomial(ones({3}), 2);
  EXPECT_EQ(default_generator().offset, 5u);
  set_seed(7);
  EXPECT_EQ(permutation(20).to_vector<int64_t>(), first);
}

// Large enough for threads, and for sorts by parts.
TEST_P(Random, BitsAreEqualOnEveryBackendAtEveryThreadCount) {
  const auto draws = [](Device device) {
    Generator g{0xfeedfacecafe, 5};
    const Array weights = uniform({7, 30'011}, 0, 1, g, float32, device), wide = cast(weights, float64);
    return std::vector<Array>{cast(bernoulli({300'001}, 0.3, g, device), int64),
                              randint({200'001}, -5, 1000, g, int64, device),
                              cast(randint({200'001}, -5, 1000, g, int32, device), int64),
                              randint({100'001}, -(int64_t{1} << 62), int64_t{1} << 62, g, int64, device),
                              permutation(200'003, g, device),
                              multinomial(weights, 9'001, true, g),
                              multinomial(weights, 9'001, false, g),
                              multinomial(transpose(reshape(wide, {30'011, 7})), 301, false, g)};
  };
  load_backend("reference");
  set_num_threads(1);
  const std::vector<Array> expected = draws(parse_device("reference"));
  const bool on_host = detail::on_host(default_device());
  for (const int threads : on_host ? std::vector<int>{1, 2, 5} : std::vector<int>{1}) {
    set_num_threads(threads);
    const std::vector<Array> got = draws(default_device());
    for (size_t k = 0; k < got.size(); ++k)
      EXPECT_EQ(got[k].to_vector<int64_t>(), expected[k].to_vector<int64_t>()) << k << ", " << threads;
  }
}

TEST_P(Random, BernoulliIsTrueWithItsProbability) {
  for (const double p : {0.5, 0.01, 0.999}) {
    Generator g{3, 0};
    const int64_t hits = sum(bernoulli({100'000}, p, g)).item<int64_t>();
    EXPECT_LT(chi_square({hits, 100'000 - hits}, {p, 1 - p}), bound(2)) << p;
  }
  EXPECT_EQ(sum(bernoulli({999}, 0)).item<int64_t>(), 0);
  EXPECT_EQ(sum(bernoulli({999}, 1)).item<int64_t>(), 999);
}

TEST_P(Random, RandintIsEvenlySpread) {
  for (const DType d : {int32, int64}) {
    Generator g{11, 0};
    std::vector<int64_t> counts(13);
    for (const int64_t v : cast(randint({100'000}, -6, 7, g, d), int64).to_vector<int64_t>())
      ++counts.at(static_cast<size_t>(v + 6));
    EXPECT_LT(chi_square(counts, even(13)), bound(13));
  }
}

// By 64 bits alone, half of these would come twice as often as the rest.
TEST_P(Random, RandintIsEvenlySpreadOverLongRanges) {
  Generator g{12, 0};
  std::vector<int64_t> odd(2), thirds(3);
  for (const int64_t v : randint({60'000}, 0, int64_t{3} << 61, g).to_vector<int64_t>()) {
    ++odd[static_cast<size_t>(v % 2)];
    ++thirds.at(static_cast<size_t>(v >> 61));
  }
  EXPECT_LT(chi_square(odd, even(2)), bound(2));
  EXPECT_LT(chi_square(thirds, even(3)), bound(3));
}

TEST_P(Random, RandintTakesAnyRange) {
  const int64_t least = std::numeric_limits<int64_t>::min(), most = std::numeric_limits<int64_t>::max();
  Generator g{13, 0};
  std::vector<int64_t> octants(8);
  for (const int64_t v : randint({40'000}, least, most, g).to_vector<int64_t>())
    ++octants[static_cast<uint64_t>(v) >> 61];
  EXPECT_LT(chi_square(octants, even(8)), bound(8));
  EXPECT_EQ(randint({3}, most - 1, most, g).to_vector<int64_t>(), std::vector<int64_t>(3, most - 1));
  EXPECT_EQ(randint({3}, least, least + 1, g).to_vector<int64_t>(), std::vector<int64_t>(3, least));
  const int64_t low32 = std::numeric_limits<int32_t>::min();
  EXPECT_EQ(randint({2}, low32, low32 + 1, g, int32).to_vector<int32_t>(),
            std::vector<int32_t>(2, std::numeric_limits<int32_t>::min()));
}

TEST_P(Random, PermutationHoldsEachIndexOnce) {
  for (const int64_t n : {0, 1, 2, 3, 511, 513, 2048, 2049, 9001}) {
    std::vector<int64_t> all = permutation(n).to_vector<int64_t>(), expected(static_cast<size_t>(n));
    std::iota(expected.begin(), expected.end(), 0);
    EXPECT_TRUE(n < 500 || all != expected);
    std::sort(all.begin(), all.end());
    EXPECT_EQ(all, expected);
  }
}

TEST_P(Random, EveryPermutationIsEquallyLikely) {
  if (!detail::on_host(default_device()))
    GTEST_SKIP() << "the bits are those of the host's, one call at a time";
  Generator g{17, 0};
  std::map<std::vector<int64_t>, int64_t> found;
  for (int k = 0; k < 6'000; ++k) ++found[permutation(4, g).to_vector<int64_t>()];
  std::vector<int64_t> counts;
  for (const auto& [order, count] : found) counts.push_back(count);
  ASSERT_EQ(counts.size(), 24u);
  EXPECT_LT(chi_square(counts, even(24)), bound(24));
}

TEST_P(Random, MultinomialDrawsInProportion) {
  Generator g{19, 0};
  const Array weights = Array::from_data<float>({0, 1, 2, 0, 3, 4, 0});
  std::vector<int64_t> counts(7);
  for (const int64_t v : multinomial(weights, 50'000, true, g).to_vector<int64_t>())
    ++counts.at(static_cast<size_t>(v));
  EXPECT_EQ(counts[0] + counts[3] + counts[6], 0);
  EXPECT_LT(chi_square({counts[1], counts[2], counts[4], counts[5]}, {0.1, 0.2, 0.3, 0.4}), bound(4));
}

// More weights than one chunk of the cumulative sum has.
TEST_P(Random, MultinomialDrawsInProportionFromManyWeights) {
  Generator g{23, 0};
  const int64_t n = 1'000, chosen = 10;
  std::vector<int64_t> counts(static_cast<size_t>(chosen));
  std::vector<float> weights(static_cast<size_t>(n));
  std::vector<double> expected;
  for (int64_t k = 0; k < chosen; ++k) {
    weights[static_cast<size_t>(k * 99 + 7)] = static_cast<float>(k + 1);
    expected.push_back(static_cast<double>(k + 1) / 55);
  }
  for (const int64_t v :
       multinomial(Array::from_data<float>(weights, {n}), 20'000, true, g).to_vector<int64_t>()) {
    ASSERT_EQ(v % 99, 7) << "a weight of 0 was drawn";
    ++counts.at(static_cast<size_t>(v / 99));
  }
  EXPECT_LT(chi_square(counts, expected), bound(10));
}

// The probability of a pair is that of the first, times that of the second among those left.
TEST_P(Random, MultinomialWithoutReplacementIsOneDrawAfterTheOther) {
  Generator g{29, 0};
  const std::vector<double> w = {0.1, 0.2, 0, 0.3, 0.4};
  const Array weights = expand(Array::from_data<double>(w, {5}), {20'000, 5});
  const std::vector<int64_t> pairs = multinomial(weights, 2, false, g).to_vector<int64_t>();
  std::map<std::pair<int64_t, int64_t>, int64_t> found;
  for (size_t k = 0; k < pairs.size(); k += 2) ++found[{pairs[k], pairs[k + 1]}];
  ASSERT_EQ(found.size(), 12u);
  std::vector<int64_t> counts;
  std::vector<double> expected;
  for (const auto& [pair, count] : found) {
    const double first = w[static_cast<size_t>(pair.first)], second = w[static_cast<size_t>(pair.second)];
    ASSERT_NE(pair.first, pair.second);
    counts.push_back(count);
    expected.push_back(first * second / (1 - first));
  }
  EXPECT_LT(chi_square(counts, expected), bound(12));
}

TEST_P(Random, MultinomialTakesExtremeWeights) {
  Generator g{31, 0};
  const Array weights = Array::from_data<double>({1e308, 0, 5e-324, 0.5e308});
  for (const int64_t v : multinomial(weights, 200, true, g).to_vector<int64_t>())
    EXPECT_TRUE(v == 0 || v == 3);
  std::vector<int64_t> all = multinomial(weights, 3, false, g).to_vector<int64_t>();
  EXPECT_EQ(all.back(), 2);
  std::sort(all.begin(), all.end());
  EXPECT_EQ(all, (std::vector<int64_t>{0, 2, 3}));
  const Array tiny = Array::from_data<double>({0, 5e-324, 0});  // u times the sum is rounded up to it
  EXPECT_EQ(multinomial(tiny, 100, true, g).to_vector<int64_t>(), std::vector<int64_t>(100, 1));
}

TEST_P(Random, RefusesWhatMakesNoSense) {
  EXPECT_EQ(refusal([] { bernoulli({3}, 1.5); }), "bernoulli: 1.5 is no probability");
  EXPECT_EQ(refusal([] { bernoulli({3}, -0.25); }), "bernoulli: -0.25 is no probability");
  EXPECT_EQ(refusal([] { bernoulli({3}, NAN); }), "bernoulli: nan is no probability");
  EXPECT_EQ(refusal([] { randint({3}, 4, 4); }), "randint: there is no integer from 4 to below 4");
  EXPECT_EQ(refusal([] { randint({3}, 4, -4); }), "randint: there is no integer from 4 to below -4");
  EXPECT_EQ(refusal([] { randint({3}, 0, int64_t{1} << 32, default_generator(), int32); }),
            "randint: int32 does not hold all from 0 to below 4294967296");
  EXPECT_EQ(refusal([] { randint({3}, 0, 9, default_generator(), float32); }),
            "randint: needs int32 or int64");
  EXPECT_EQ(refusal([] { uniform({3}, 0, 1, default_generator(), int32); }),
            "uniform: needs float32 or float64");
  EXPECT_EQ(refusal([] { permutation(-2); }), "permutation: of -2 things");
  EXPECT_EQ(refusal([] { multinomial(Array(1.0), 1); }), "multinomial: needs rows of weights for shape []");
  EXPECT_EQ(refusal([] { multinomial(ones({3}), -1); }), "multinomial: -1 draws for shape [3]");
  EXPECT_EQ(refusal([] {
              multinomial(ones({3, 0}), 1);
            }),
            "multinomial: 1 draws from nothing for shape [3, 0]");
  EXPECT_EQ(refusal([] {
              multinomial(ones({2, 3}), 4, false);
            }),
            "multinomial: 4 draws without replacement from 3 for shape [2, 3]");
}

TEST_P(Random, MultinomialRefusesBadWeights) {
  const auto with = [](std::vector<float> second_row, bool replacement) {
    second_row.insert(second_row.begin(), {1, 2, 3});
    return refusal([&] { multinomial(Array::from_data<float>(second_row, {2, 3}), 2, replacement); });
  };
  const float infinity = std::numeric_limits<float>::infinity();
  for (const bool replacement : {true, false}) {
    for (const float bad : {-1.f, -infinity, infinity, std::nanf("")})
      EXPECT_THAT(with({2, bad, 2}, replacement),
                  HasSubstr("row 1 of the weights has one that is negative or not finite"));
  }
  EXPECT_THAT(with({0, 0, 0}, true), HasSubstr("row 1 of the weights has no finite sum above 0"));
  EXPECT_THAT(with({0, 0, 0}, false), HasSubstr("row 1 of the weights has but 0 above 0"));
  EXPECT_THAT(with({0, 5, 0}, false), HasSubstr("row 1 of the weights has but 1 above 0"));
  EXPECT_THAT(with({0, 5, 0}, true), HasSubstr("no ShapeError"));
  EXPECT_THAT(refusal([] {
                multinomial(Array::from_data<double>({1e308, 1e308}), 1);
              }),
              HasSubstr("row 0 of the weights has no finite sum above 0"));
  EXPECT_THAT(refusal([] { multinomial(zeros({2, 3}), 0); }), HasSubstr("no ShapeError"));
}

}  // namespace
}  // namespace plugrad
