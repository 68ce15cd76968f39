// Arithmetic over several words: add.cc, addc, sub.cc, subc, mad.cc, madc, with the thread's carry flag.
#include "plugrad/tests/cuda_emulation/ptx/instructions.h"

namespace plugrad::cuda_emulation::ptx {
namespace {

using Double = unsigned __int128;

// Bits of Instruction::mode.
enum CarryMode : uint8_t { CarryIn = 1, CarryOut = 2, High = 4 };

template <class T>
bool run_add(DeviceThread& t, const Instruction& i) {
  const Double sum = Double{get<T>(t, i.a)} + get<T>(t, i.b) + ((i.mode & CarryIn) && t.carry ? 1 : 0);
  if (i.mode & CarryOut) t.carry = (sum >> (8 * sizeof(T))) != 0;
  put(t, i.d, static_cast<T>(sum));
  return true;
}

template <class T>
bool run_subtract(DeviceThread& t, const Instruction& i) {
  const Double a = get<T>(t, i.a), b = Double{get<T>(t, i.b)} + ((i.mode & CarryIn) && t.carry ? 1 : 0);
  if (i.mode & CarryOut) t.carry = a < b;
  put(t, i.d, static_cast<T>(a - b));
  return true;
}

template <class T>
bool run_multiply_add(DeviceThread& t, const Instruction& i) {
  Double product = Double{get<T>(t, i.a)} * get<T>(t, i.b);
  if (i.mode & High) {
    if (i.flag)
      product = static_cast<Double>(static_cast<__int128>(get<std::make_signed_t<T>>(t, i.a)) *
                                    get<std::make_signed_t<T>>(t, i.b));
    product >>= 8 * sizeof(T);
  }
  const Double sum =
      Double{static_cast<T>(product)} + get<T>(t, i.c) + ((i.mode & CarryIn) && t.carry ? 1 : 0);
  if (i.mode & CarryOut) t.carry = (sum >> (8 * sizeof(T))) != 0;
  put(t, i.d, static_cast<T>(sum));
  return true;
}

}  // namespace

// Comes with .cc taken, or as addc, subc, madc.
void decode_carry(Statement& s, Instruction& i, FunctionContext&) {
  const bool carry_in = s.opcode.ends_with("c");
  const bool carry_out = !carry_in || s.take("cc");
  const bool multiply = s.opcode.starts_with("mad");
  const bool high = multiply && s.take_one({"lo", "hi"}) == 1;
  i.mode = static_cast<uint8_t>((carry_in ? CarryIn : 0) | (carry_out ? CarryOut : 0) | (high ? High : 0));
  i.flag = is_signed(s.type());
  set_operands(s, i, multiply ? 3 : 2);
  const bool wide = size_of(s.type()) == 8;
  if (multiply) i.handler = wide ? run_multiply_add<uint64_t> : run_multiply_add<uint32_t>;
  else if (s.opcode.starts_with("add")) i.handler = wide ? run_add<uint64_t> : run_add<uint32_t>;
  else i.handler = wide ? run_subtract<uint64_t> : run_subtract<uint32_t>;
}

const std::vector<InstructionRow>& carry_instructions() {
  static const std::vector<InstructionRow> rows = {
      {"addc", decode_carry}, {"subc", decode_carry}, {"madc", decode_carry}};
  return rows;
}

}  // namespace plugrad::cuda_emulation::ptx
