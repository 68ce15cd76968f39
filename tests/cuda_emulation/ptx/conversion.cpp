// cvt between all types, and packing two halves.
#include <algorithm>

#include "plugrad/tests/cuda_emulation/ptx/float_modes.h"
#include "plugrad/tests/cuda_emulation/ptx/instructions.h"

namespace plugrad::cuda_emulation::ptx {
namespace {

constexpr uint8_t kToIntegral = 64;  // of Instruction::mode: rni, rzi, rmi, rpi

double round_integral(double v, uint8_t mode) {
  switch (mode & Rounding) {
    case RoundZero:
      return std::trunc(v);
    case RoundDown:
      return std::floor(v);
    case RoundUp:
      return std::ceil(v);
    default:
      return std::nearbyint(v);
  }
}

// "Floating-point to integer conversions clamp", and NaN becomes 0 (PTX ISA, cvt).
template <class T>
T clamp_to(double v) {
  if (v != v) return 0;
  if (v <= static_cast<double>(std::numeric_limits<T>::min())) return std::numeric_limits<T>::min();
  if (v >= static_cast<double>(std::numeric_limits<T>::max())) return std::numeric_limits<T>::max();
  return static_cast<T>(v);
}

template <class D, class S>
D integer_to_integer(S v, uint8_t mode) {
  if (!(mode & Sat)) return static_cast<D>(v);
  using Wider = __int128;
  return static_cast<D>(std::clamp<Wider>(v, std::numeric_limits<D>::min(), std::numeric_limits<D>::max()));
}

template <class D>
D narrow(double v, uint8_t mode) {
  if constexpr (std::is_same_v<D, double>) return v;
  else if constexpr (std::is_same_v<D, float>) {
    const ScopedRounding rounding(mode);
    const volatile double x = v;
    const volatile auto result = static_cast<float>(x);
    return result;
  } else if constexpr (std::is_same_v<D, Half>) {
    const auto f = static_cast<float>(v);
    switch (mode & Rounding) {
      case RoundZero:
        return std::bit_cast<Half>(__float2half_rz(f));
      case RoundDown:
        return std::bit_cast<Half>(__float2half_rd(f));
      case RoundUp:
        return std::bit_cast<Half>(__float2half_ru(f));
      default:
        return Half::round(v);
    }
  } else {
    return mode & Rounding ? std::bit_cast<Bfloat16>(__float2bfloat16_rz(static_cast<float>(v)))
                           : Bfloat16::round(v);
  }
}

template <class D>
D finish_conversion(double v, uint8_t mode) {
  if (mode & Sat) v = saturate(v);
  if ((mode & Relu) && v < 0) v = 0;
  D result = narrow<D>(v, mode);
  if constexpr (std::is_same_v<D, float>) result = canonical(mode & Ftz ? flush(result) : result);
  return result;
}

template <class D, class S>
D integer_to_float(S v, uint8_t mode) {
  if constexpr (std::is_same_v<D, float> || std::is_same_v<D, double>) {
    const ScopedRounding rounding(mode);
    const volatile S x = v;
    const volatile auto result = static_cast<D>(x);
    return mode & Sat ? saturate(D(result)) : D(result);
  } else {
    return finish_conversion<D>(static_cast<double>(v), mode);
  }
}

template <class D, class S>
D convert(S v, uint8_t mode) {
  if constexpr (std::is_integral_v<S> && std::is_integral_v<D>) return integer_to_integer<D>(v, mode);
  else if constexpr (std::is_integral_v<S>) return integer_to_float<D>(v, mode);
  else {
    const double wide = input(v, mode);
    if constexpr (std::is_integral_v<D>) return clamp_to<D>(round_integral(wide, mode));
    else if (mode & kToIntegral)
      return finish_conversion<D>(round_integral(wide, mode), mode & (Sat | Ftz | Relu));
    else return finish_conversion<D>(wide, mode);
  }
}

template <class D, class S>
bool run_convert(DeviceThread& t, const Instruction& i) {
  put(t, i.d, convert<D>(get<S>(t, i.a), i.mode));
  return true;
}

template <class T>
bool run_pack(DeviceThread& t, const Instruction& i) {
  const T high = finish_conversion<T>(input(get<float>(t, i.a), i.mode), i.mode);
  const T low = finish_conversion<T>(input(get<float>(t, i.b), i.mode), i.mode);
  put<uint32_t>(t, i.d, uint32_t{high.bits} << 16 | low.bits);
  return true;
}

uint8_t take_mode(Statement& s) {
  const int integral = s.take_one({"rni", "rzi", "rmi", "rpi"}, 4);
  const uint8_t mode = take_float_mode(s);
  return integral == 4 ? mode : static_cast<uint8_t>(mode | kToIntegral | integral);
}

void decode_convert(Statement& s, Instruction& i, FunctionContext&) {
  i.mode = take_mode(s);
  if (i.mode & NanWins) s.refuse("modifier .NaN");
  if (s.type(0) == Type::F16x2 || s.type(0) == Type::Bf16x2) {
    if (s.type(1) != Type::F32 || (i.mode & Rounding)) s.refuse("its types");
    set_operands(s, i, 2);
    i.handler = s.type(0) == Type::F16x2 ? run_pack<Half> : run_pack<Bfloat16>;
    return;
  }
  set_operands(s, i, 1);
  set_handler(s, i, with_number(s.type(0), [&](auto to) {
                return with_number(s.type(1), [&](auto from) -> Handler {
                  return run_convert<typename decltype(to)::Value, typename decltype(from)::Value>;
                });
              }));
}

}  // namespace

const std::vector<InstructionRow>& conversion_instructions() {
  static const std::vector<InstructionRow> rows = {{"cvt", decode_convert}};
  return rows;
}

}  // namespace plugrad::cuda_emulation::ptx
