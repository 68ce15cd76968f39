// sqrt, rcp, rsqrt, ex2, lg2, sin, cos, tanh, copysign, testp. The .approx forms are computed exactly and
// rounded: the error that the device may make is smaller here.
#include "plugrad/tests/cuda_emulation/ptx/float_modes.h"
#include "plugrad/tests/cuda_emulation/ptx/instructions.h"

namespace plugrad::cuda_emulation::ptx {
namespace {

struct Sqrt {
  template <class T>
  static T apply(T v) {
    return std::sqrt(v);
  }
};
struct Rcp {
  template <class T>
  static T apply(T v) {
    return T(1) / v;
  }
};
struct Rsqrt {
  template <class T>
  static T apply(T v) {
    return static_cast<T>(1.0 / std::sqrt(double{v}));
  }
};
struct Ex2 {
  template <class T>
  static T apply(T v) {
    return static_cast<T>(std::exp2(double{v}));
  }
};
struct Lg2 {
  template <class T>
  static T apply(T v) {
    return static_cast<T>(std::log2(double{v}));
  }
};
struct Sin {
  template <class T>
  static T apply(T v) {
    return static_cast<T>(std::sin(double{v}));
  }
};
struct Cos {
  template <class T>
  static T apply(T v) {
    return static_cast<T>(std::cos(double{v}));
  }
};
struct Tanh {
  template <class T>
  static T apply(T v) {
    return static_cast<T>(std::tanh(double{v}));
  }
};

template <class T, class Op>
T evaluate(T a, uint8_t mode) {
  const ScopedRounding rounding(mode);
  const volatile Wide<T> v = input(a, mode);
  const volatile Wide<T> result = Op::apply(Wide<T>(v));
  return finish<T>(result, mode);
}

template <class T, class Op>
bool run_function(DeviceThread& t, const Instruction& i) {
  put(t, i.d, evaluate<T, Op>(get<T>(t, i.a), i.mode));
  return true;
}

template <class T, class Op>
bool run_packed(DeviceThread& t, const Instruction& i) {
  const auto a = get<uint32_t>(t, i.a);
  const T low = evaluate<T, Op>({static_cast<uint16_t>(a)}, i.mode);
  const T high = evaluate<T, Op>({static_cast<uint16_t>(a >> 16)}, i.mode);
  put<uint32_t>(t, i.d, uint32_t{high.bits} << 16 | low.bits);
  return true;
}

// rcp.approx.ftz.f64 and rsqrt.approx.ftz.f64 see and give the upper half of the number.
template <class Op>
bool run_coarse(DeviceThread& t, const Instruction& i) {
  constexpr uint64_t kUpper = 0xffffffff00000000;
  const double a = std::bit_cast<double>(t.registers[i.a] & kUpper);
  t.registers[i.d] = std::bit_cast<uint64_t>(flush(Op::apply(flush(a)))) & kUpper;
  return true;
}

template <class Op>
void decode_function(Statement& s, Instruction& i, FunctionContext&) {
  const bool approximate = s.take("approx");
  i.mode = take_float_mode(s);
  set_operands(s, i, 1);
  if (s.type() == Type::F16x2) i.handler = run_packed<Half, Op>;
  else if (s.type() == Type::Bf16x2) i.handler = run_packed<Bfloat16, Op>;
  else if (s.type() == Type::F64 && approximate && (i.mode & Ftz)) i.handler = run_coarse<Op>;
  else
    set_handler(s, i, with_float(s.type(), [](auto tag) -> Handler {
                  return run_function<typename decltype(tag)::Value, Op>;
                }));
}

template <class T>
bool run_copysign(DeviceThread& t, const Instruction& i) {
  put(t, i.d, std::copysign(get<T>(t, i.b), get<T>(t, i.a)));
  return true;
}

void decode_copysign(Statement& s, Instruction& i, FunctionContext&) {
  set_operands(s, i, 2);
  i.handler = s.type() == Type::F64 ? run_copysign<double> : run_copysign<float>;
}

enum Test { Finite, Infinite, Number, NotANumber, Normal, Subnormal };

template <class T>
bool run_test(DeviceThread& t, const Instruction& i) {
  const int kind = std::fpclassify(get<T>(t, i.a));
  bool result = false;
  switch (static_cast<Test>(i.mode)) {
    case Finite:
      result = kind != FP_INFINITE && kind != FP_NAN;
      break;
    case Infinite:
      result = kind == FP_INFINITE;
      break;
    case Number:
      result = kind != FP_NAN;
      break;
    case NotANumber:
      result = kind == FP_NAN;
      break;
    case Normal:
      result = kind == FP_NORMAL;
      break;
    case Subnormal:
      result = kind == FP_SUBNORMAL;
      break;
  }
  put(t, i.d, Predicate{result});
  return true;
}

void decode_test(Statement& s, Instruction& i, FunctionContext&) {
  i.mode =
      static_cast<uint8_t>(s.take_one({"finite", "infinite", "number", "notanumber", "normal", "subnormal"}));
  set_operands(s, i, 1);
  i.handler = s.type() == Type::F64 ? run_test<double> : run_test<float>;
}

}  // namespace

const std::vector<InstructionRow>& float_function_instructions() {
  static const std::vector<InstructionRow> rows = {
      {"sqrt", decode_function<Sqrt>}, {"rcp", decode_function<Rcp>},   {"rsqrt", decode_function<Rsqrt>},
      {"ex2", decode_function<Ex2>},   {"lg2", decode_function<Lg2>},   {"sin", decode_function<Sin>},
      {"cos", decode_function<Cos>},   {"tanh", decode_function<Tanh>}, {"copysign", decode_copysign},
      {"testp", decode_test},
  };
  return rows;
}

}  // namespace plugrad::cuda_emulation::ptx
