// add, sub, mul, mad, fma, div, rem, neg, abs, min, max and their relatives, for integers and floating point.
#include <algorithm>

#include "plugrad/tests/cuda_emulation/block.h"
#include "plugrad/tests/cuda_emulation/ptx/float_modes.h"
#include "plugrad/tests/cuda_emulation/ptx/instructions.h"
#include "plugrad/tests/cuda_emulation/reports.h"

namespace plugrad::cuda_emulation::ptx {
namespace {

// Integers wrap: their arithmetic is done without sign.
template <class T>
using Bits = std::make_unsigned_t<std::common_type_t<T, int>>;
template <class T>
Bits<T> bits(T v) {
  return static_cast<Bits<T>>(v);
}

struct Add {
  template <class T>
  static T apply(T a, T b, uint8_t) {
    if constexpr (std::is_integral_v<T>) return static_cast<T>(bits(a) + bits(b));
    else return a + b;
  }
};
struct Sub {
  template <class T>
  static T apply(T a, T b, uint8_t) {
    if constexpr (std::is_integral_v<T>) return static_cast<T>(bits(a) - bits(b));
    else return a - b;
  }
};
struct Mul {
  template <class T>
  static T apply(T a, T b, uint8_t) {
    if constexpr (std::is_integral_v<T>) return static_cast<T>(bits(a) * bits(b));
    else return a * b;
  }
};
struct Div {
  template <class T>
  static T apply(T a, T b, uint8_t) {
    return a / b;
  }
};
// "If one of the inputs is NaN, the result is the other; with .NaN, the result is NaN" (PTX ISA, min, max)
template <bool Max>
struct MinMax {
  template <class T>
  static T apply(T a, T b, uint8_t mode) {
    if constexpr (std::is_integral_v<T>) return Max ? std::max(a, b) : std::min(a, b);
    else if (a != a || b != b)
      return (mode & NanWins) || (a != a && b != b) ? std::numeric_limits<T>::quiet_NaN() : a != a ? b : a;
    else if (a == b) return std::signbit(a) == Max ? b : a;  // -0.0 < +0.0
    else return (a < b) == Max ? b : a;
  }
};
struct Neg {
  template <class T>
  static T apply(T a) {
    if constexpr (std::is_integral_v<T>) return static_cast<T>(Bits<T>{0} - bits(a));
    else return -a;
  }
};
struct Abs {
  template <class T>
  static T apply(T a) {
    if constexpr (std::is_integral_v<T>) return a < 0 ? Neg::apply(a) : a;
    else return std::fabs(a);
  }
};

template <class T, class Op>
T binary(T a, T b, uint8_t mode) {
  if constexpr (std::is_integral_v<T>) {
    return Op::apply(a, b, mode);
  } else {
    const ScopedRounding rounding(mode);
    const volatile Wide<T> x = input(a, mode),
                           y = input(b, mode);  // so that nothing is computed ahead of the mode
    const volatile Wide<T> result = Op::apply(Wide<T>(x), Wide<T>(y), mode);
    return finish<T>(result, mode);
  }
}

template <class T, class Op>
bool run_binary(DeviceThread& t, const Instruction& i) {
  put(t, i.d, binary<T, Op>(get<T>(t, i.a), get<T>(t, i.b), i.mode));
  return true;
}

// Without modes, which is nearly always.
template <class T, class Op>
bool run_plain(DeviceThread& t, const Instruction& i) {
  if constexpr (std::is_integral_v<T>) put(t, i.d, Op::apply(get<T>(t, i.a), get<T>(t, i.b), 0));
  else put(t, i.d, finish<T>(Op::apply(widen(get<T>(t, i.a)), widen(get<T>(t, i.b)), 0), 0));
  return true;
}

template <class T, class Op>
bool run_packed(DeviceThread& t, const Instruction& i) {
  const auto a = get<uint32_t>(t, i.a), b = get<uint32_t>(t, i.b);
  const T low = binary<T, Op>({static_cast<uint16_t>(a)}, {static_cast<uint16_t>(b)}, i.mode);
  const T high = binary<T, Op>({static_cast<uint16_t>(a >> 16)}, {static_cast<uint16_t>(b >> 16)}, i.mode);
  put<uint32_t>(t, i.d, uint32_t{high.bits} << 16 | low.bits);
  return true;
}

template <class Op>
Handler binary_handler(Type type, uint8_t mode) {
  if (type == Type::F16x2) return run_packed<Half, Op>;
  if (type == Type::Bf16x2) return run_packed<Bfloat16, Op>;
  return with_number(type, [&](auto tag) -> Handler {
    using T = typename decltype(tag)::Value;
    return mode == 0 ? run_plain<T, Op> : run_binary<T, Op>;
  });
}

bool run_saturating_add(DeviceThread& t, const Instruction& i) {
  const int64_t sum = i.flag ? int64_t{get<int32_t>(t, i.a)} - get<int32_t>(t, i.b)
                             : int64_t{get<int32_t>(t, i.a)} + get<int32_t>(t, i.b);
  put(t, i.d, static_cast<int32_t>(std::clamp<int64_t>(sum, INT32_MIN, INT32_MAX)));
  return true;
}

template <class Op>
void decode_binary(Statement& s, Instruction& i, FunctionContext& f) {
  if (s.take("cc")) return decode_carry(s, i, f);
  i.mode = take_float_mode(s);
  set_operands(s, i, 2);
  if (!is_float(s.type()) && (i.mode & ~NanWins)) {
    if (i.mode != Sat || s.type() != Type::S32 || s.opcode == "mul") s.refuse("its modes");
    i.flag = s.opcode == "sub";
    i.handler = run_saturating_add;
    return;
  }
  set_handler(s, i, binary_handler<Op>(s.type(), i.mode));
}

template <class T, class Op>
bool run_unary(DeviceThread& t, const Instruction& i) {
  if constexpr (std::is_integral_v<T>) {
    put(t, i.d, Op::apply(get<T>(t, i.a)));
  } else {
    Wide<T> v = widen(get<T>(t, i.a));
    if (i.mode & Ftz) v = flush(v);
    put(t, i.d, round_to<T>(Op::apply(v)));
  }
  return true;
}

template <bool Negate>
bool run_packed_sign(DeviceThread& t, const Instruction& i) {
  const auto v = get<uint32_t>(t, i.a);
  put<uint32_t>(t, i.d, Negate ? v ^ 0x80008000u : v & 0x7fff7fffu);
  return true;
}

template <class Op>
void decode_unary(Statement& s, Instruction& i, FunctionContext&) {
  i.mode = take_float_mode(s);
  set_operands(s, i, 1);
  if (s.type() == Type::F16x2 || s.type() == Type::Bf16x2) {
    i.handler = run_packed_sign<std::is_same_v<Op, Neg>>;
    return;
  }
  set_handler(s, i, with_number(s.type(), [](auto tag) -> Handler {
                return run_unary<typename decltype(tag)::Value, Op>;
              }));
}

template <class T>
T multiply_add(T a, T b, T c, uint8_t mode) {
  const ScopedRounding rounding(mode);
  const volatile Wide<T> x = input(a, mode), y = input(b, mode), z = input(c, mode);
  const volatile Wide<T> result = std::fma(Wide<T>(x), Wide<T>(y), Wide<T>(z));
  return finish<T>(result, mode);
}

template <class T>
bool run_fma(DeviceThread& t, const Instruction& i) {
  if (i.mode == 0)
    put(t, i.d, finish<T>(std::fma(widen(get<T>(t, i.a)), widen(get<T>(t, i.b)), widen(get<T>(t, i.c))), 0));
  else put(t, i.d, multiply_add(get<T>(t, i.a), get<T>(t, i.b), get<T>(t, i.c), i.mode));
  return true;
}

template <class T>
bool run_packed_fma(DeviceThread& t, const Instruction& i) {
  uint32_t result = 0;
  for (int shift = 0; shift < 32; shift += 16) {
    const auto half = [&](Slot slot) { return T{static_cast<uint16_t>(get<uint32_t>(t, slot) >> shift)}; };
    result |= uint32_t{multiply_add(half(i.a), half(i.b), half(i.c), i.mode).bits} << shift;
  }
  put(t, i.d, result);
  return true;
}

Handler fma_handler(Type type) {
  if (type == Type::F16x2) return run_packed_fma<Half>;
  if (type == Type::Bf16x2) return run_packed_fma<Bfloat16>;
  return with_float(type, [](auto tag) -> Handler { return run_fma<typename decltype(tag)::Value>; });
}

void decode_fma(Statement& s, Instruction& i, FunctionContext&) {
  i.mode = take_float_mode(s);
  set_operands(s, i, 3);
  set_handler(s, i, fma_handler(s.type()));
}

template <class T>
using Twice = std::conditional_t<
    sizeof(T) == 8, std::conditional_t<std::is_signed_v<T>, __int128, unsigned __int128>,
    std::conditional_t<sizeof(T) == 4, std::conditional_t<std::is_signed_v<T>, int64_t, uint64_t>,
                       std::conditional_t<std::is_signed_v<T>, int32_t, uint32_t>>>;

enum class Part { Low, High, Wide };

template <class T, Part part, bool AddC>
bool run_multiply(DeviceThread& t, const Instruction& i) {
  using W = Twice<T>;
  const W product = static_cast<W>(static_cast<W>(get<T>(t, i.a)) * static_cast<W>(get<T>(t, i.b)));
  if constexpr (part == Part::Wide) {
    auto sum = static_cast<uint64_t>(product);
    if constexpr (AddC) sum += static_cast<uint64_t>(get<W>(t, i.c));
    put(t, i.d, static_cast<std::conditional_t<sizeof(W) == 8, uint64_t, uint32_t>>(sum));
  } else {
    auto value = bits(static_cast<T>(part == Part::High ? product >> (8 * sizeof(T)) : product));
    if constexpr (AddC) value += bits(get<T>(t, i.c));
    put(t, i.d, static_cast<T>(value));
  }
  return true;
}

template <class T, bool AddC>
Handler multiply_handler(int part) {
  if (part == 0) return run_multiply<T, Part::Low, AddC>;
  if (part == 1) return run_multiply<T, Part::High, AddC>;
  if constexpr (sizeof(T) < 8) return run_multiply<T, Part::Wide, AddC>;
  else return nullptr;
}

template <bool AddC>
void decode_multiply(Statement& s, Instruction& i, FunctionContext& f) {
  if (is_float(s.type())) return AddC ? decode_fma(s, i, f) : decode_binary<Mul>(s, i, f);
  if (s.take("cc")) return decode_carry(s, i, f);
  const int part = s.take_one({"lo", "hi", "wide"});
  set_operands(s, i, AddC ? 3 : 2);
  set_handler(s, i, with_integer(s.type(), [&](auto tag) -> Handler {
                using T = typename decltype(tag)::Value;
                if constexpr (sizeof(T) == 1) return nullptr;
                else return multiply_handler<T, AddC>(part);
              }));
}

bool run_multiply24(DeviceThread& t, const Instruction& i) {
  const auto cut = [&](Slot slot) {
    const auto v = get<uint32_t>(t, slot);
    return i.flag ? int64_t{static_cast<int32_t>(v << 8) >> 8} : int64_t{v & 0xffffff};
  };
  const int64_t product = cut(i.a) * cut(i.b);
  auto value = static_cast<uint32_t>(i.mode ? product >> 16 : product);
  if (i.c != kNoSlot) value += get<uint32_t>(t, i.c);
  put(t, i.d, value);
  return true;
}

void decode_multiply24(Statement& s, Instruction& i, FunctionContext&) {
  i.mode = static_cast<uint8_t>(s.take_one({"lo", "hi"}));
  i.flag = is_signed(s.type());
  set_operands(s, i, s.opcode == "mad24" ? 3 : 2);
  i.handler = run_multiply24;
}

// Integer division by zero "yields an unspecified, machine-specific value" (PTX ISA, div).
template <class T, bool Remainder>
bool run_divide(DeviceThread& t, const Instruction& i) {
  const T a = get<T>(t, i.a), b = get<T>(t, i.b);
  if (b == 0) {
    report("division-by-zero", "{} {} 0", a, Remainder ? "%" : "/");
    put<T>(t, i.d, Remainder ? a : static_cast<T>(-1));
  } else if (std::is_signed_v<T> && b == static_cast<T>(-1)) {
    put<T>(t, i.d, Remainder ? T{0} : Neg::apply(a));
  } else {
    put<T>(t, i.d, static_cast<T>(Remainder ? a % b : a / b));
  }
  return true;
}

template <bool Remainder>
void decode_divide(Statement& s, Instruction& i, FunctionContext&) {
  const bool approximate = s.take("approx") || s.take("full");
  i.mode = take_float_mode(s);
  set_operands(s, i, 2);
  if (!Remainder && (s.type() == Type::F32 || s.type() == Type::F64))
    return set_handler(s, i, binary_handler<Div>(s.type(), i.mode));
  if (approximate) s.refuse("its modes");
  set_handler(s, i, with_integer(s.type(), [](auto tag) -> Handler {
                return run_divide<typename decltype(tag)::Value, Remainder>;
              }));
}

template <class T>
bool run_sad(DeviceThread& t, const Instruction& i) {
  const T a = get<T>(t, i.a), b = get<T>(t, i.b);
  const auto difference = a < b ? bits(b) - bits(a) : bits(a) - bits(b);
  put(t, i.d, static_cast<T>(difference + bits(get<T>(t, i.c))));
  return true;
}

void decode_sad(Statement& s, Instruction& i, FunctionContext&) {
  set_operands(s, i, 3);
  set_handler(s, i, with_integer(s.type(), [](auto tag) -> Handler {
                return run_sad<typename decltype(tag)::Value>;
              }));
}

// The sum of four (dp4a) products of bytes.
bool run_dp4a(DeviceThread& t, const Instruction& i) {
  const auto a = get<uint32_t>(t, i.a), b = get<uint32_t>(t, i.b);
  auto sum = get<uint32_t>(t, i.c);
  const auto byte = [](uint32_t v, int n, bool sign) {
    const auto u = static_cast<uint8_t>(v >> (8 * n));
    return sign ? int32_t{static_cast<int8_t>(u)} : int32_t{u};
  };
  for (int n = 0; n < 4; ++n) sum += static_cast<uint32_t>(byte(a, n, i.mode & 1) * byte(b, n, i.mode & 2));
  put(t, i.d, sum);
  return true;
}

void decode_dp4a(Statement& s, Instruction& i, FunctionContext&) {
  i.mode = static_cast<uint8_t>((is_signed(s.type(0)) ? 1 : 0) | (is_signed(s.type(1)) ? 2 : 0));
  set_operands(s, i, 3);
  i.handler = run_dp4a;
}

}  // namespace

const std::vector<InstructionRow>& arithmetic_instructions() {
  static const std::vector<InstructionRow> rows = {
      {"add", decode_binary<Add>},
      {"sub", decode_binary<Sub>},
      {"min", decode_binary<MinMax<false>>},
      {"max", decode_binary<MinMax<true>>},
      {"neg", decode_unary<Neg>},
      {"abs", decode_unary<Abs>},
      {"mul", decode_multiply<false>},
      {"mad", decode_multiply<true>},
      {"mul24", decode_multiply24},
      {"mad24", decode_multiply24},
      {"fma", decode_fma},
      {"div", decode_divide<false>},
      {"rem", decode_divide<true>},
      {"sad", decode_sad},
      {"dp4a", decode_dp4a},
  };
  return rows;
}

}  // namespace plugrad::cuda_emulation::ptx
