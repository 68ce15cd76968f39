// Differentiation: the examples of the slides, structures of parameters, nesting, and what must be refused.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <numbers>
#include <thread>

#include "plugrad/ops/ops.h"
#include "plugrad/tests/support/backends.h"

namespace plugrad {
namespace {

Array scalar(double v) { return Array::from_data<double>({v}, Shape{}); }
Array vector(std::vector<double> v) { return Array::from_data(v, Shape{static_cast<int64_t>(v.size())}); }
double at(const Array& x, int64_t i) { return x[i].item(); }

class Grad : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { set_default_device(GetParam()); }
  void TearDown() override {
    EXPECT_FALSE(is_recording());
    set_default_device("cpu");
  }
};
INSTANTIATE_TEST_SUITE_P(Backends, Grad, testing::ValuesIn(tests::backends_under_test()),
                         tests::backend_name);

// ---- the slides ----

TEST_P(Grad, OfTheSlidesFirstFunction) {  // ln(x1) + x1 x2 - sin(x2) at (2, 5)
  const auto f = [](const auto& x) { return log(x.first) + x.first * x.second - sin(x.second); };
  const auto [y, g] = value_and_grad(f)(std::pair{2.0, 5.0});
  EXPECT_NEAR(y.item(), 11.652, 5e-4);
  EXPECT_NEAR(g.first.item(), 5.5, 1e-12);
  EXPECT_NEAR(g.second.item(), 1.716, 5e-4);
  EXPECT_NEAR(g.second.item(), 2 - std::cos(5.0), 1e-12);
}

TEST_P(Grad, ThroughLoopAndConditional) {
  const auto f = [](const Array& x) {
    Array s = scalar(0);
    for (int64_t i = 0; i < x.size(); ++i) {
      if (x[i].item() <= 0) s = s + exp(x[i]);
      else s = s + log(x[i]);
    }
    return s;
  };
  const std::vector<double> x{0.88, -2.52, 1.55, 0.0, -0.1, 3.0};
  const Array g = grad(f)(vector(x));
  for (size_t i = 0; i < x.size(); ++i)
    EXPECT_NEAR(at(g, static_cast<int64_t>(i)), x[i] <= 0 ? std::exp(x[i]) : 1 / x[i], 1e-12);
}

TEST_P(Grad, OfTheLogisticMap) {  // l[n+1] = 4 l[n] (1 - l[n]), l[1] = x
  const auto l4 = [](const Array& x) {
    Array l = x;
    for (int n = 1; n < 4; ++n) l = 4 * l * (1 - l);
    return l;
  };
  for (double x : {0.1, 0.3, 0.77}) {
    const double p = 1 - 8 * x + 8 * x * x, q = 1 - 2 * x;
    const double closed = 128 * x * (1 - x) * (-8 + 16 * x) * q * q * p + 64 * (1 - x) * q * q * p * p -
                          64 * x * q * q * p * p - 256 * x * (1 - x) * q * p * p;
    EXPECT_NEAR(grad(l4)(x).item(), closed, 1e-11) << "at " << x;
  }
}

// ---- higher orders ----

template <int n, class F>
auto derivative(F f) {
  if constexpr (n == 0) return f;
  else return derivative<n - 1>(grad(f));
}

TEST_P(Grad, OfSineToTheNinthOrder) {
  const auto f = [](const Array& x) { return sin(x); };
  EXPECT_NEAR(derivative<2>(f)(0.7).item(), -std::sin(0.7), 1e-12);
  EXPECT_NEAR(derivative<3>(f)(0.7).item(), -std::cos(0.7), 1e-12);
  EXPECT_NEAR(derivative<9>(f)(0.7).item(), std::cos(0.7), 1e-12);
}

TEST_P(Grad, NestedKeepsPerturbationsApart) {
  const auto sum_inside = [](const Array& x) { return x * grad([&](const Array& y) { return x + y; })(x); };
  EXPECT_NEAR(grad(sum_inside)(3.0).item(), 1, 1e-12);
  const auto product_inside = [](const Array& x) {
    return x * grad([&](const Array& y) { return x * y; })(x);
  };
  EXPECT_NEAR(grad(product_inside)(3.0).item(), 6, 1e-12);
  const auto one_after_another = [](const Array& x) {
    const Array a = grad([](const Array& y) { return y * y * y; })(x);
    return grad([&](const Array& z) { return z * z * a; })(x);
  };
  EXPECT_NEAR(grad(one_after_another)(2.0).item(), 72, 1e-11);  // 2x 3x^2 = 6x^3
  const auto independent = [](const Array& x) {
    return x * grad([](const Array& y) { return y * y; })(scalar(5));
  };
  EXPECT_NEAR(grad(independent)(2.0).item(), 10, 1e-12);
}

TEST_P(Grad, HessianOfAQuadraticForm) {
  const Array a = Array::from_data<double>({2, 1, 0, 3}, {2, 2});
  const auto f = [&](const Array& x) { return sum(x * matmul(a, x)); };
  for (int64_t i = 0; i < 2; ++i) {
    const Array row = grad([&](const Array& x) { return grad(f)(x)[i]; })(vector({1, 2}));
    EXPECT_NEAR(at(row, 0), i == 0 ? 4 : 1, 1e-12);
    EXPECT_NEAR(at(row, 1), i == 0 ? 1 : 6, 1e-12);
  }
}

// H v without H: the gradient of <gradient, v>. Of a network with one hidden layer, against differences of
// its gradient along v.
TEST_P(Grad, HessianVectorProduct) {
  const Array w = normal({3, 4}, 0, 1, default_generator(), float64),
              x = normal({5, 3}, 0, 1, default_generator(), float64),
              v = normal({3, 4}, 0, 1, default_generator(), float64);
  const auto f = [&](const Array& u) { return mean(logsumexp(tanh(matmul(x, u)), 1)); };
  const Array product = grad([&](const Array& u) { return sum(grad(f)(u) * v); })(w);
  const double step = 1e-5;
  const Array expected = (grad(f)(w + step * v) - grad(f)(w - step * v)) / (2 * step);
  EXPECT_LT(max(abs(product - expected)).item(), 1e-8);
  EXPECT_GT(max(abs(product)).item(), 1e-3);
}

// ---- structures of parameters ----

struct Layer {
  Array w, b;
};
struct Model {
  Layer first;
  std::vector<Layer> rest;
  std::map<std::string, Array> extra;
  double rate = 3;
  std::string name = "m";
};
class Own {
 public:
  explicit Own(Array a) : a_(std::move(a)) {}
  template <class F>
  friend void visit_arrays(Own& o, F&& f) {
    f(o.a_);
  }
  template <class F>
  friend void visit_arrays(const Own& o, F&& f) {
    f(o.a_);
  }
  const Array& a() const { return a_; }

 private:
  Array a_;
};

TEST_P(Grad, InNestedStructures) {
  const auto f = [](const Model& m) {
    return sum(square(m.first.w) + m.first.b) + sum(m.rest[0].w * m.extra.at("e")) * m.rate;
  };
  const Model m{
      {vector({1, 2}), vector({3, 4})}, {{vector({5, 6}), vector({7, 8})}}, {{"e", vector({9, 10})}}};
  const Model g = grad(f)(m);
  EXPECT_EQ(g.first.w.to_vector<double>(), (std::vector<double>{2, 4}));
  EXPECT_EQ(g.first.b.to_vector<double>(), (std::vector<double>{1, 1}));
  EXPECT_EQ(g.rest[0].w.to_vector<double>(), (std::vector<double>{27, 30}));
  EXPECT_EQ(g.rest[0].b.to_vector<double>(), (std::vector<double>{0, 0}));  // not used
  EXPECT_EQ(g.extra.at("e").to_vector<double>(), (std::vector<double>{15, 18}));
  EXPECT_EQ(g.rate, 3);
  EXPECT_EQ(g.name, "m");
}

TEST_P(Grad, InEachKindOfContainer) {
  const auto t = std::tuple{scalar(2), std::pair{scalar(3), std::vector{scalar(4)}}};
  const auto product = [](const auto& p) {
    return std::get<0>(p) * std::get<1>(p).first * std::get<1>(p).second[0];
  };
  EXPECT_EQ(std::get<1>(grad(product)(t)).first.item(), 8);
  const std::array<Array, 2> two{scalar(2), scalar(5)};
  EXPECT_EQ(grad([](const auto& x) { return x[0] * x[1]; })(two)[0].item(), 5);
  EXPECT_EQ(grad([](const auto& x) { return square(*x); })(std::optional(scalar(2)))->item(), 4);
  EXPECT_EQ(grad([](const Own& o) { return square(o.a()); })(Own(scalar(4))).a().item(), 8);
  const std::map<std::string, std::vector<double>> numbers{{"a", {1, 2}}, {"b", {3}}};
  const auto g = grad([](const auto& m) { return m.at("a")[0] * m.at("a")[1] * m.at("b")[0]; })(numbers);
  EXPECT_EQ(g.at("a")[1].item(), 3);
  EXPECT_EQ(grad([](const Array& x) { return x * x; })(3.0f).dtype(), float32);
}

TEST_P(Grad, LeavesIntegersInParametersAlone) {
  const std::vector<Array> w{vector({1, 2}), Array::from_data<int32_t>({1, 0})};
  const auto g = grad([](const auto& p) { return sum(p[0] * p[0]); })(w);
  EXPECT_EQ(g[0].to_vector<double>(), (std::vector<double>{2, 4}));
  EXPECT_EQ(g[1].to_vector<int32_t>(), (std::vector<int32_t>{1, 0}));
}

// ---- recursion, closures, depth, threads ----

TEST_P(Grad, ThroughRecursion) {
  const std::function<Array(const Array&, int)> power = [&](const Array& x, int n) {
    return n == 0 ? scalar(1) : x * power(x, n - 1);
  };
  EXPECT_NEAR(grad([&](const Array& x) { return power(x, 5); })(2.0).item(), 80, 1e-12);
}

TEST_P(Grad, OfADeepChainDoesNotRecurse) {
  const auto f = [](const Array& x) {
    Array y = x;
    for (int i = 0; i < 300'000; ++i) y = y + x;
    return y;
  };
  EXPECT_EQ(grad(f)(1.0).item(), 300'001);
}

TEST_P(Grad, OnSeveralThreads) {
  std::vector<double> results(4);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < results.size(); ++i)
    threads.emplace_back([&, i] {
      for (int k = 0; k < 100; ++k)
        results[i] = grad([&](const Array& x) { return x * x * static_cast<double>(i); })(3.0).item();
    });
  for (std::thread& t : threads) t.join();
  for (size_t i = 0; i < results.size(); ++i) EXPECT_EQ(results[i], 6 * static_cast<double>(i));
}

TEST_P(Grad, AccumulatesOverUses) {
  const auto f = [](const Array& x) {
    const Array a = x + x, b = a * x + a;
    return sum(b * a + x);
  };
  const Array g = grad(f)(vector({0.5, -2}));
  for (int64_t i = 0; i < 2; ++i) {  // (2x^2 + 2x) 2x + x -> 12x^2 + 8x + 1
    const double x = i == 0 ? 0.5 : -2;
    EXPECT_NEAR(at(g, i), 12 * x * x + 8 * x + 1, 1e-12);
  }
}

// ---- constants, modes ----

TEST_P(Grad, DetachAndNoGradMakeConstants) {
  EXPECT_EQ(grad([](const Array& x) { return x * x.detach(); })(3.0).item(), 3);
  const auto f = [](const Array& x) {
    NoGrad off;
    return x * x;
  };
  EXPECT_EQ(grad(f)(3.0).item(), 0);
}

TEST_P(Grad, ArraysOfAFinishedTapeAreConstants) {
  Array kept;
  grad([&](const Array& x) { return kept = x * x; })(3.0);
  EXPECT_EQ(grad([&](const Array& x) { return x * kept; })(2.0).item(), 9);
}

TEST_P(Grad, TrainingModeIsScoped) {
  EXPECT_FALSE(is_training());
  try {
    TrainingMode on(true);
    EXPECT_TRUE(is_training());
    TrainingMode off(false);
    EXPECT_FALSE(is_training());
    throw 1;
  } catch (int) {
  }
  EXPECT_FALSE(is_training());
}

TEST_P(Grad, CustomGradient) {
  const auto softplus =
      custom_gradient([](const Array& x) { return log(1 + exp(x)); },
                      [](const Array& dy, const Array&, const Array& x) { return dy * sigmoid(x); });
  const double s = 1 / (1 + std::exp(-0.5));
  EXPECT_NEAR(grad(softplus)(0.5).item(), s, 1e-12);
  EXPECT_NEAR(grad(grad(softplus))(0.5).item(), s * (1 - s), 1e-12);
  const auto product =
      custom_gradient([](const Array& x, const Array& y) { return x * y; },
                      [](const Array& dy, const Array&, const Array& x, const Array& y) {
                        return std::tuple{dy * y, 10 * dy * x};  // the second on purpose not the true one
                      });
  const auto g = grad([&](const auto& p) { return product(p.first, p.second); })(std::pair{2.0, 3.0});
  EXPECT_EQ(g.first.item(), 3);
  EXPECT_EQ(g.second.item(), 20);
}

// ---- refusals, after which everything is as before ----

template <class E, class F>
std::string message_of(F&& f) {
  try {
    f();
  } catch (const E& e) {
    return e.what();
  }
  ADD_FAILURE() << "nothing of the expected type was thrown";
  return {};
}

TEST_P(Grad, RefusesMoreThanOneNumber) {
  EXPECT_NE(message_of<ShapeError>([] {
              grad([](const Array& x) { return x * 2; })(vector({1, 2}));
            }).find("[2]"),
            std::string::npos);
}

TEST_P(Grad, SurvivesAFailureInsideAnInnerFunction) {
  const auto f = [](const Array& x) {
    Array y = x * x;
    try {
      grad([&](const Array& z) -> Array {
        Array u = z * y;
        return matmul(u, u);
      })(x);
    } catch (const ShapeError&) {
    }
    return y;
  };
  EXPECT_EQ(grad(f)(3.0).item(), 6);
  EXPECT_EQ(
      message_of<ShapeError>([] { grad([](const Array& x) { return matmul(x, x); })(1.0); }).find("matmul"),
      0u);
  EXPECT_EQ(grad(f)(3.0).item(), 6);
}

TEST_P(Grad, RefusesWhatWasOverwritten) {
  PLUGRAD_NEEDS_HOST_MEMORY();
  Array w = vector({1, 2, 3});
  const auto f = [&](const Array& x) {
    Array y = sum(x * w);
    axpy(1, vector({1, 1, 1}), w);
    return y;
  };
  const std::string message = message_of<Error>([&] { grad(f)(vector({1, 2, 3})); });
  EXPECT_NE(message.find("mul"), std::string::npos) << message;
  EXPECT_NE(message.find("axpy"), std::string::npos) << message;
  const auto through_a_view = [&](const Array& x) {
    Array y = sum(x * w);
    Array part = slice(w, 0, 0, 1);
    *part.mutable_data<double>() = 7;
    return y;
  };
  EXPECT_NE(message_of<Error>([&] {
              grad(through_a_view)(vector({1, 2, 3}));
            }).find("mutable_data"),
            std::string::npos);
}

TEST_P(Grad, RefusesToOverwriteWhatIsRecorded) {
  const auto f = [](const Array& x) {
    Array y = x * 2;
    axpy(1, x, y);
    return sum(y);
  };
  EXPECT_NE(message_of<Error>([&] { grad(f)(vector({1, 2})); }).find("axpy"), std::string::npos);
}

TEST_P(Grad, RefusesAnotherThreadsLiveTape) {
  std::string message;
  grad([&](const Array& x) {
    const Array y = x * x;
    std::thread([&] { message = message_of<Error>([&] { Array z = y + 1; }); }).join();
    return y;
  })(3.0);
  EXPECT_NE(message.find("another thread"), std::string::npos) << message;
}

}  // namespace
}  // namespace plugrad
