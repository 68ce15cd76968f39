// CUDA's math functions, which are PTX by the time they run, agree with the C library within a few units in
// the last place.
#include <bit>
#include <cmath>
#include <cstdlib>
#include <random>

#include "plugrad/tests/cuda_emulation/tests/emulation_test.h"
#include "plugrad/tests/cuda_emulation/tests/kernels.h"

namespace {

template <class T>
class Math : public EmulationTest {
 protected:
  static constexpr int kNumbers = 500;

  Math() {
    std::mt19937 generator(3);
    std::uniform_real_distribution<double> wide(-100, 100), narrow(-1, 1), second(-30, 30);
    for (int i = 0; i < kNumbers; ++i) {
      x_.push_back(static_cast<T>(i % 3 ? wide(generator) : narrow(generator)));
      y_.push_back(static_cast<T>(second(generator)));
    }
  }

  static double distance(T a, T b) {
    using Bits = std::conditional_t<sizeof(T) == 4, int32_t, int64_t>;
    if ((a != a && b != b) || a == b) return 0;
    if (!std::isfinite(a) || !std::isfinite(b)) return 1e30;
    return std::abs(static_cast<double>(std::bit_cast<Bits>(a) - std::bit_cast<Bits>(b)));
  }

  // The documentation states at most this for the functions used here (Programming Guide, Mathematical
  // Functions), and glibc's own error comes on top. The differences of CUDA's lgamma and tgamma are larger
  // near zeros.
  static constexpr double kUnits = 8;

  std::vector<T> x_, y_;
};

using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(Math, Types);

TYPED_TEST(Math, Unary) {
  const DeviceArray<TypeParam> x(this->x_), out(this->x_.size());
  for (int op = 0; op < kernels::kUnaryFunctions; ++op) {
    kernels::unary(x.get(), out.get(), this->kNumbers, op);
    const auto device = out.values();
    for (size_t i = 0; i < device.size(); ++i) {
      const TypeParam host = kernels::host_unary(this->x_[i], op);
      ASSERT_LE(this->distance(device[i], host), this->kUnits)
          << kernels::unary_name(op) << " at " << this->x_[i] << ": " << device[i] << ", C library: " << host;
    }
  }
}

TYPED_TEST(Math, Binary) {
  const DeviceArray<TypeParam> x(this->x_), y(this->y_), out(this->x_.size());
  for (int op = 0; op < kernels::kBinaryFunctions; ++op) {
    kernels::binary(x.get(), y.get(), out.get(), this->kNumbers, op);
    const auto device = out.values();
    for (size_t i = 0; i < device.size(); ++i) {
      const TypeParam host = kernels::host_binary(this->x_[i], this->y_[i], op);
      ASSERT_LE(this->distance(device[i], host), this->kUnits)
          << kernels::binary_name(op) << " at " << this->x_[i] << ", " << this->y_[i] << ": " << device[i]
          << ", C library: " << host;
    }
  }
}

}  // namespace
