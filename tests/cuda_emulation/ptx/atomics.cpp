// atom and red. Threads run one at a time, so that each is atomic by itself.
#include <algorithm>
#include <cstring>

#include "plugrad/tests/cuda_emulation/ptx/float_modes.h"
#include "plugrad/tests/cuda_emulation/ptx/instructions.h"
#include "plugrad/tests/cuda_emulation/ptx/spaces.h"

namespace plugrad::cuda_emulation::ptx {
namespace {

enum Update : uint8_t { Add, Min, Max, Inc, Dec, And, Or, Xor, Exch, Cas };

template <class T>
T update_integer(Update how, T old, T b, T c) {
  using U = std::make_unsigned_t<T>;
  switch (how) {
    case Add:
      return static_cast<T>(static_cast<U>(old) + static_cast<U>(b));
    case Min:
      return std::min(old, b);
    case Max:
      return std::max(old, b);
    case Inc:
      return old >= b ? T(0) : static_cast<T>(old + 1);
    case Dec:
      return old == 0 || old > b ? b : static_cast<T>(old - 1);
    case And:
      return old & b;
    case Or:
      return old | b;
    case Xor:
      return old ^ b;
    case Exch:
      return b;
    case Cas:
      return old == b ? c : old;
  }
  return old;
}

template <class T>
T update_float(Update how, T old, T b) {
  const auto x = widen(old), y = widen(b);
  if (how == Exch) return b;
  if (how == Min) return finish<T>(y < x ? y : x, 0);
  if (how == Max) return finish<T>(y > x ? y : x, 0);
  return finish<T>(x + y, 0);
}

template <Space space, class T>
bool run_atomic(DeviceThread& t, const Instruction& i) {
  unsigned char* p =
      resolve<space>(t, t.registers[i.a] + static_cast<uint64_t>(i.value), sizeof(T), AccessKind::Atomic);
  if (!p) return false;
  T old;
  std::memcpy(&old, p, sizeof old);
  const auto how = static_cast<Update>(i.mode);
  const T b = get<T>(t, i.b);
  T result = old;
  if constexpr (std::is_integral_v<T>)
    result = update_integer<T>(how, old, b, i.c == kNoSlot ? T(0) : get<T>(t, i.c));
  else result = update_float<T>(how, old, b);
  std::memcpy(p, &result, sizeof result);
  if (i.d != kNoSlot) put(t, i.d, old);
  return true;
}

template <Space space, class T>
bool run_packed_atomic(DeviceThread& t, const Instruction& i) {
  unsigned char* p =
      resolve<space>(t, t.registers[i.a] + static_cast<uint64_t>(i.value), 4, AccessKind::Atomic);
  if (!p) return false;
  T old[2];
  std::memcpy(old, p, sizeof old);
  const auto b = get<uint32_t>(t, i.b);
  const auto how = static_cast<Update>(i.mode);
  const T result[2] = {update_float<T>(how, old[0], {static_cast<uint16_t>(b)}),
                       update_float<T>(how, old[1], {static_cast<uint16_t>(b >> 16)})};
  std::memcpy(p, result, sizeof result);
  if (i.d != kNoSlot) put<uint32_t>(t, i.d, uint32_t{old[1].bits} << 16 | old[0].bits);
  return true;
}

Handler atomic_handler(Space space, Type type) {
  const auto packed = [&](auto tag) {
    return with_space(space, [&](auto where) -> Handler {
      return run_packed_atomic<decltype(where)::value, typename decltype(tag)::Value>;
    });
  };
  if (type == Type::F16x2) return packed(Tag<Half>{});
  if (type == Type::Bf16x2) return packed(Tag<Bfloat16>{});
  if (type == Type::Pred || size_of(type) == 1) return nullptr;
  return with_number(type, [&](auto tag) {
    return with_space(space, [&](auto where) -> Handler {
      return run_atomic<decltype(where)::value, typename decltype(tag)::Value>;
    });
  });
}

void decode_atomic(Statement& s, Instruction& i, FunctionContext&) {
  const bool reduction = s.opcode == "red";
  const Space space = take_space(s);
  for (const char* semantics : {"acq_rel"}) s.take(semantics);
  take_strong(s);
  take_cache_hints(s);
  s.take("noftz");
  i.mode = static_cast<uint8_t>(
      s.take_one({"add", "min", "max", "inc", "dec", "and", "or", "xor", "exch", "cas"}));
  const size_t address = reduction ? 0 : 1;
  const size_t operands = address + (i.mode == Cas ? 3 : 2);
  s.finish(operands, operands);
  if (s.operand(address).kind != Operand::Kind::Address) s.refuse("its address");
  i.a = s.operand(address).slot;
  i.value = s.operand(address).offset;
  i.b = s.slot(address + 1);
  if (i.mode == Cas) i.c = s.slot(address + 2);
  if (!reduction) i.d = s.slot(0);
  set_handler(s, i, atomic_handler(space, s.type()));
}

}  // namespace

const std::vector<InstructionRow>& atomic_instructions() {
  static const std::vector<InstructionRow> rows = {{"atom", decode_atomic}, {"red", decode_atomic}};
  return rows;
}

}  // namespace plugrad::cuda_emulation::ptx
