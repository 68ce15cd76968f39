// Instructions on bits: logic, shifts, fields, permutations, counts.
#include <algorithm>

#include "plugrad/tests/cuda_emulation/ptx/instructions.h"

namespace plugrad::cuda_emulation::ptx {
namespace {

struct And {
  static uint64_t apply(uint64_t a, uint64_t b) { return a & b; }
};
struct Or {
  static uint64_t apply(uint64_t a, uint64_t b) { return a | b; }
};
struct Xor {
  static uint64_t apply(uint64_t a, uint64_t b) { return a ^ b; }
};

template <class T, class Op>
bool run_logic(DeviceThread& t, const Instruction& i) {
  put(t, i.d, static_cast<T>(Op::apply(t.registers[i.a], t.registers[i.b])));
  return true;
}

template <class Op>
bool run_predicate_logic(DeviceThread& t, const Instruction& i) {
  put(t, i.d, Predicate{(Op::apply(t.registers[i.a], t.registers[i.b]) & 1) != 0});
  return true;
}

template <class Op>
void decode_logic(Statement& s, Instruction& i, FunctionContext&) {
  set_operands(s, i, 2);
  if (s.type() == Type::Pred) i.handler = run_predicate_logic<Op>;
  else
    set_handler(s, i, with_integer(s.type(), [](auto tag) -> Handler {
                  return run_logic<typename decltype(tag)::Value, Op>;
                }));
}

template <class T>
bool run_not(DeviceThread& t, const Instruction& i) {
  put(t, i.d, static_cast<T>(~t.registers[i.a]));
  return true;
}

bool run_predicate_not(DeviceThread& t, const Instruction& i) {
  put(t, i.d, Predicate{!get<Predicate>(t, i.a).value});
  return true;
}

void decode_not(Statement& s, Instruction& i, FunctionContext&) {
  set_operands(s, i, 1);
  if (s.type() == Type::Pred) i.handler = run_predicate_not;
  else
    set_handler(s, i, with_integer(s.type(), [](auto tag) -> Handler {
                  return run_not<typename decltype(tag)::Value>;
                }));
}

template <class T>
bool run_cnot(DeviceThread& t, const Instruction& i) {
  put(t, i.d, static_cast<T>(get<T>(t, i.a) == 0));
  return true;
}

void decode_cnot(Statement& s, Instruction& i, FunctionContext&) {
  set_operands(s, i, 1);
  set_handler(s, i, with_integer(s.type(), [](auto tag) -> Handler {
                return run_cnot<typename decltype(tag)::Value>;
              }));
}

// "Shift amounts greater than the register width N are clamped to N" (PTX ISA, shl, shr)
template <class T>
bool run_shl(DeviceThread& t, const Instruction& i) {
  const auto by = get<uint32_t>(t, i.b);
  put(t, i.d, by >= 8 * sizeof(T) ? T{0} : static_cast<T>(t.registers[i.a] << by));
  return true;
}

template <class T>
bool run_shr(DeviceThread& t, const Instruction& i) {
  const uint32_t by = std::min<uint32_t>(get<uint32_t>(t, i.b), 8 * sizeof(T));
  const T a = get<T>(t, i.a);
  const bool all = by == 8 * sizeof(T);
  put(t, i.d, all ? static_cast<T>(a < 0 ? -1 : 0) : static_cast<T>(a >> by));
  return true;
}

template <bool Left>
void decode_shift(Statement& s, Instruction& i, FunctionContext&) {
  set_operands(s, i, 2);
  set_handler(s, i, with_integer(s.type(), [](auto tag) -> Handler {
                using T = typename decltype(tag)::Value;
                return Left ? run_shl<T> : run_shr<T>;
              }));
}

// The funnel shift: 32 bits of the pair {b, a}.
bool run_funnel(DeviceThread& t, const Instruction& i) {
  const uint64_t pair = uint64_t{get<uint32_t>(t, i.b)} << 32 | get<uint32_t>(t, i.a);
  const auto c = get<uint32_t>(t, i.c);
  const uint32_t by = i.flag ? c & 31 : std::min(c, 32u);
  put(t, i.d, static_cast<uint32_t>(i.mode == 0 ? pair << by >> 32 : pair >> by));
  return true;
}

void decode_funnel(Statement& s, Instruction& i, FunctionContext&) {
  i.mode = static_cast<uint8_t>(s.take_one({"l", "r"}));
  i.flag = s.take_one({"clamp", "wrap"}) == 1;
  set_operands(s, i, 3);
  i.handler = run_funnel;
}

template <class T>
bool run_extract(DeviceThread& t, const Instruction& i) {
  constexpr uint32_t kBits = 8 * sizeof(T);
  const uint32_t position = get<uint8_t>(t, i.b), length = get<uint8_t>(t, i.c);
  const T a = get<T>(t, i.a);
  const T fill = a < 0 ? T(-1) : T(0);  // an unsigned number is filled up with zeros
  if (length == 0) return put(t, i.d, T(0)), true;
  const uint32_t last = std::min(position + length, kBits) - 1;
  const bool sign = std::is_signed_v<T> && (a >> last & 1);
  auto field = static_cast<std::make_unsigned_t<T>>(position < kBits ? a >> position : fill);
  if (length < kBits) {
    const auto mask = static_cast<std::make_unsigned_t<T>>((uint64_t{1} << length) - 1);
    const uint32_t kept = position < kBits ? std::min(length, kBits - position) : 0;
    const auto low = static_cast<std::make_unsigned_t<T>>(kept ? (uint64_t{1} << kept) - 1 : 0);
    field = static_cast<std::make_unsigned_t<T>>(sign ? (field & low) | ~low : field & mask);
  }
  put(t, i.d, static_cast<T>(field));
  return true;
}

void decode_extract(Statement& s, Instruction& i, FunctionContext&) {
  set_operands(s, i, 3);
  set_handler(s, i, with_integer(s.type(), [](auto tag) -> Handler {
                using T = typename decltype(tag)::Value;
                if constexpr (sizeof(T) < 4) return nullptr;
                else return run_extract<T>;
              }));
}

template <class T>
bool run_insert(DeviceThread& t, const Instruction& i) {
  constexpr uint32_t kBits = 8 * sizeof(T);
  const uint32_t position = get<uint8_t>(t, i.c), length = get<uint8_t>(t, i.e);
  const T ones = length >= kBits ? ~T(0) : static_cast<T>((T(1) << length) - 1);
  const T mask = position >= kBits ? T(0) : static_cast<T>(ones << position);
  const T field = position >= kBits ? T(0) : static_cast<T>(get<T>(t, i.a) << position);
  put(t, i.d, static_cast<T>((get<T>(t, i.b) & ~mask) | (field & mask)));
  return true;
}

void decode_insert(Statement& s, Instruction& i, FunctionContext&) {
  s.finish(5, 5);
  i.d = s.slot(0), i.a = s.slot(1), i.b = s.slot(2), i.c = s.slot(3), i.e = s.slot(4);
  i.handler = size_of(s.type()) == 8 ? run_insert<uint64_t> : run_insert<uint32_t>;
}

// Any function of three bits, by its table.
bool run_lop3(DeviceThread& t, const Instruction& i) {
  const auto a = get<uint32_t>(t, i.a), b = get<uint32_t>(t, i.b), c = get<uint32_t>(t, i.c);
  uint32_t result = 0;
  for (int row = 0; row < 8; ++row)
    if (i.value >> row & 1) result |= (row & 4 ? a : ~a) & (row & 2 ? b : ~b) & (row & 1 ? c : ~c);
  put(t, i.d, result);
  return true;
}

void decode_lop3(Statement& s, Instruction& i, FunctionContext&) {
  s.finish(5, 5);
  i.d = s.slot(0), i.a = s.slot(1), i.b = s.slot(2), i.c = s.slot(3);
  if (!s.operand(4).constant) s.refuse("a table that is no constant");
  i.value = static_cast<int64_t>(s.operand(4).value);
  i.handler = run_lop3;
}

// Four bytes chosen from the eight of {b, a}; with the top bit of the choice, the sign of that byte.
bool run_permute(DeviceThread& t, const Instruction& i) {
  const uint64_t pair = uint64_t{get<uint32_t>(t, i.b)} << 32 | get<uint32_t>(t, i.a);
  const auto choice = get<uint32_t>(t, i.c);
  uint32_t result = 0;
  for (int n = 0; n < 4; ++n) {
    const uint32_t pick = choice >> (4 * n) & 15;
    auto byte = static_cast<uint8_t>(pair >> (8 * (pick & 7)));
    if (pick & 8) byte = byte & 0x80 ? 0xff : 0;
    result |= uint32_t{byte} << (8 * n);
  }
  put(t, i.d, result);
  return true;
}

void decode_permute(Statement& s, Instruction& i, FunctionContext&) {
  set_operands(s, i, 3);
  i.handler = run_permute;
}

struct Popc {
  template <class T>
  static uint32_t apply(T v) {
    return static_cast<uint32_t>(std::popcount(v));
  }
};
struct Clz {
  template <class T>
  static uint32_t apply(T v) {
    return static_cast<uint32_t>(std::countl_zero(v));
  }
};

template <class T, class Op>
bool run_count(DeviceThread& t, const Instruction& i) {
  put(t, i.d, Op::apply(get<T>(t, i.a)));
  return true;
}

template <class Op>
void decode_count(Statement& s, Instruction& i, FunctionContext&) {
  set_operands(s, i, 1);
  i.handler = size_of(s.type()) == 8 ? run_count<uint64_t, Op> : run_count<uint32_t, Op>;
}

template <class T>
bool run_reverse(DeviceThread& t, const Instruction& i) {
  T v = get<T>(t, i.a), result = 0;
  for (size_t n = 0; n < 8 * sizeof(T); ++n, v >>= 1) result = static_cast<T>(result << 1 | (v & 1));
  put(t, i.d, result);
  return true;
}

void decode_reverse(Statement& s, Instruction& i, FunctionContext&) {
  set_operands(s, i, 1);
  i.handler = size_of(s.type()) == 8 ? run_reverse<uint64_t> : run_reverse<uint32_t>;
}

// The most significant bit that is not the sign; .shiftamt: how far it is from the top.
template <class T>
bool run_find(DeviceThread& t, const Instruction& i) {
  T v = get<T>(t, i.a);
  if (v < 0) v = static_cast<T>(~v);
  const auto zeros = static_cast<uint32_t>(std::countl_zero(static_cast<std::make_unsigned_t<T>>(v)));
  constexpr uint32_t kBits = 8 * sizeof(T);
  put(t, i.d, v == 0 ? 0xffffffffu : i.flag ? zeros : kBits - 1 - zeros);
  return true;
}

void decode_find(Statement& s, Instruction& i, FunctionContext&) {
  i.flag = s.take("shiftamt");
  set_operands(s, i, 1);
  set_handler(s, i, with_integer(s.type(), [](auto tag) -> Handler {
                return run_find<typename decltype(tag)::Value>;
              }));
}

bool run_mask(DeviceThread& t, const Instruction& i) {
  uint32_t position = get<uint32_t>(t, i.a), length = get<uint32_t>(t, i.b);
  if (i.flag) position &= 31, length &= 31;
  const uint64_t ones = length >= 32 ? 0xffffffff : (uint64_t{1} << length) - 1;
  put(t, i.d, position >= 32 ? 0u : static_cast<uint32_t>(ones << position));
  return true;
}

void decode_mask(Statement& s, Instruction& i, FunctionContext&) {
  i.flag = s.take_one({"clamp", "wrap"}) == 1;
  set_operands(s, i, 2);
  i.handler = run_mask;
}

}  // namespace

const std::vector<InstructionRow>& bit_instructions() {
  static const std::vector<InstructionRow> rows = {
      {"and", decode_logic<And>},   {"or", decode_logic<Or>},   {"xor", decode_logic<Xor>},
      {"not", decode_not},          {"cnot", decode_cnot},      {"shl", decode_shift<true>},
      {"shr", decode_shift<false>}, {"shf", decode_funnel},     {"bfe", decode_extract},
      {"bfi", decode_insert},       {"lop3", decode_lop3},      {"prmt", decode_permute},
      {"popc", decode_count<Popc>}, {"clz", decode_count<Clz>}, {"brev", decode_reverse},
      {"bfind", decode_find},       {"bmsk", decode_mask},
  };
  return rows;
}

}  // namespace plugrad::cuda_emulation::ptx
