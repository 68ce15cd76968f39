// setp, set, selp, slct.
#include "plugrad/tests/cuda_emulation/ptx/float_modes.h"
#include "plugrad/tests/cuda_emulation/ptx/instructions.h"

namespace plugrad::cuda_emulation::ptx {
namespace {

// The names in the order of Compare; lo, ls, hi, hs are lt, le, gt, ge of unsigned numbers.
enum Compare : uint8_t { Eq, Ne, Lt, Le, Gt, Ge, Equ, Neu, Ltu, Leu, Gtu, Geu, Num, Nan, Lo, Ls, Hi, Hs };
constexpr int kUnordered = Equ - Eq;  // equ and the others also hold for NaN

template <int compare, class T>
bool compare_ordered(T a, T b) {
  if constexpr (compare == Eq) return a == b;
  else if constexpr (compare == Ne) return a < b || a > b;
  else if constexpr (compare == Lt) return a < b;
  else if constexpr (compare == Le) return a <= b;
  else if constexpr (compare == Gt) return a > b;
  else return a >= b;
}

template <int compare, class T>
bool holds(T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    static_assert(compare <= Ge);
    return compare_ordered<compare>(a, b);
  } else {
    const bool unordered = a != a || b != b;
    if constexpr (compare == Num) return !unordered;
    else if constexpr (compare == Nan) return unordered;
    else if constexpr (compare > Ge) return unordered || compare_ordered<compare - kUnordered>(a, b);
    else return compare_ordered<compare>(a, b);
  }
}

template <class T>
auto operand(DeviceThread& t, const Instruction& i, Slot slot) {
  if constexpr (std::is_integral_v<T>) return get<T>(t, slot);
  else return input(get<T>(t, slot), i.mode);
}

template <class T, int compare>
bool run_setp(DeviceThread& t, const Instruction& i) {
  put(t, i.d, Predicate{holds<compare>(operand<T>(t, i, i.a), operand<T>(t, i, i.b))});
  return true;
}

enum Combine : int64_t { None, WithAnd, WithOr, WithXor };

bool combine(int64_t how, bool a, bool b) {
  return how == WithAnd ? a && b : how == WithOr ? a || b : how == WithXor ? a != b : a;
}

// With a second result, the negation, or combined with another predicate.
template <class T, int compare>
bool run_setp_full(DeviceThread& t, const Instruction& i) {
  const bool result = holds<compare>(operand<T>(t, i, i.a), operand<T>(t, i, i.b));
  const bool other = i.value != None && get<Predicate>(t, i.c).value;
  put(t, i.d, Predicate{combine(i.value, result, other)});
  if (i.d2 != kNoSlot) put(t, i.d2, Predicate{combine(i.value, !result, other)});
  return true;
}

template <class T, int compare>
bool run_set(DeviceThread& t, const Instruction& i) {
  const bool result = holds<compare>(operand<T>(t, i, i.a), operand<T>(t, i, i.b));
  t.registers[i.d] = !result ? 0 : i.flag ? std::bit_cast<uint32_t>(1.0f) : 0xffffffffu;
  return true;
}

enum class Form { Simple, Full, Set };

template <class T, int compare>
Handler form_handler(Form form) {
  return form == Form::Simple ? run_setp<T, compare>
         : form == Form::Full ? run_setp_full<T, compare>
                              : run_set<T, compare>;
}

template <class T, int compare>
Handler compare_handler(int wanted, Form form) {
  if (wanted == compare) return form_handler<T, compare>(form);
  if constexpr (compare < (std::is_integral_v<T> ? Ge : Nan))
    return compare_handler<T, compare + 1>(wanted, form);
  else return nullptr;
}

Handler find_handler(Type type, int compare, Form form) {
  if (compare >= Lo) compare = compare - Lo + Lt;
  if (type == Type::Pred) return nullptr;
  return with_number(
      type, [&](auto tag) { return compare_handler<typename decltype(tag)::Value, 0>(compare, form); });
}

int take_compare(Statement& s) {
  return s.take_one({"eq", "ne", "lt", "le", "gt", "ge", "equ", "neu", "ltu", "leu", "gtu", "geu", "num",
                     "nan", "lo", "ls", "hi", "hs"});
}

void decode_setp(Statement& s, Instruction& i, FunctionContext&) {
  const int compare = take_compare(s);
  const int how = s.take_one({"and", "or", "xor"}, 3);
  i.value = how == 3 ? None : how + WithAnd;
  i.mode = take_float_mode(s);
  s.finish(3, 4);
  i.d = s.slot(0), i.d2 = s.operand(0).second, i.a = s.slot(1), i.b = s.slot(2);
  if (i.value != None) i.c = s.slot(3);
  const bool full = i.value != None || i.d2 != kNoSlot;
  set_handler(s, i, find_handler(s.type(), compare, full ? Form::Full : Form::Simple));
}

void decode_set(Statement& s, Instruction& i, FunctionContext&) {
  const int compare = take_compare(s);
  i.mode = take_float_mode(s);
  i.flag = s.type(0) == Type::F32;
  if (size_of(s.type(0)) != 4) s.refuse("its types");
  set_operands(s, i, 2);
  set_handler(s, i, find_handler(s.type(1), compare, Form::Set));
}

bool run_selp(DeviceThread& t, const Instruction& i) {
  t.registers[i.d] = t.registers[t.registers[i.c] & 1 ? i.a : i.b];
  return true;
}

template <class T>
bool run_selp_narrow(DeviceThread& t, const Instruction& i) {
  put(t, i.d, get<T>(t, get<Predicate>(t, i.c).value ? i.a : i.b));
  return true;
}

void decode_selp(Statement& s, Instruction& i, FunctionContext&) {
  set_operands(s, i, 3);
  switch (size_of(s.type())) {
    case 2:
      i.handler = run_selp_narrow<uint16_t>;
      return;
    case 4:
      i.handler = is_signed(s.type()) ? run_selp_narrow<int32_t> : run_selp_narrow<uint32_t>;
      return;
    default:
      i.handler = run_selp;
  }
}

template <class C>
bool run_slct(DeviceThread& t, const Instruction& i) {
  t.registers[i.d] = t.registers[get<C>(t, i.c) >= 0 ? i.a : i.b];
  return true;
}

void decode_slct(Statement& s, Instruction& i, FunctionContext&) {
  s.take("ftz");
  set_operands(s, i, 3);
  i.handler = s.type(1) == Type::F32 ? run_slct<float> : run_slct<int32_t>;
}

}  // namespace

const std::vector<InstructionRow>& comparison_instructions() {
  static const std::vector<InstructionRow> rows = {
      {"setp", decode_setp}, {"set", decode_set}, {"selp", decode_selp}, {"slct", decode_slct}};
  return rows;
}

}  // namespace plugrad::cuda_emulation::ptx
