// ld, st, mov, cvta, isspacep, prefetch: everything that moves values without computing.
#include <atomic>
#include <cstring>

#include "plugrad/tests/cuda_emulation/block.h"
#include "plugrad/tests/cuda_emulation/kernel_memory.h"
#include "plugrad/tests/cuda_emulation/ptx/instructions.h"
#include "plugrad/tests/cuda_emulation/ptx/spaces.h"

namespace plugrad::cuda_emulation::ptx {

Space take_space(Statement& s) {
  switch (s.take_one(
      {"global", "shared", "shared::cta", "local", "param", "param::entry", "param::func", "const"}, 8)) {
    case 0:
      return Space::Global;
    case 1:
    case 2:
      return Space::Shared;
    case 3:
      return Space::Local;
    case 4:
    case 5:
    case 6:
      return Space::Param;
    case 7:
      return Space::Const;
    default:
      return Space::Generic;
  }
}

// Caching, eviction and prefetching change nothing that can be seen.
void take_cache_hints(Statement& s) {
  for (const char* hint : {"ca", "cg", "cs", "lu", "cv", "wb", "wt", "nc"}) s.take(hint);
  std::erase_if(s.modifiers,
                [](std::string_view m) { return m.starts_with("L1::") || m.starts_with("L2::"); });
}

bool take_strong(Statement& s) {
  bool strong = false;
  for (const char* word : {"volatile", "relaxed", "acquire", "release", "mmio"})
    strong = s.take(word) || strong;
  for (const char* scope : {"cta", "cluster", "gpu", "sys"}) s.take(scope);
  s.take("weak");
  return strong;
}

namespace {

template <Space space, class T>
bool run_load(DeviceThread& t, const Instruction& i) {
  const unsigned char* p = resolve<space>(t, t.registers[i.a] + static_cast<uint64_t>(i.value), sizeof(T),
                                          i.flag ? AccessKind::StrongRead : AccessKind::Read);
  if (!p) return false;
  T value;
  std::memcpy(&value, p, sizeof value);
  put(t, i.d, value);
  return true;
}

template <Space space, class T>
bool run_load_vector(DeviceThread& t, const Instruction& i) {
  const std::vector<Slot>& slots = i.details->vector;
  const auto bytes = static_cast<uint32_t>(sizeof(T) * slots.size());
  const unsigned char* p =
      resolve<space>(t, t.registers[i.a] + static_cast<uint64_t>(i.value), bytes, AccessKind::Read);
  if (!p) return false;
  for (size_t n = 0; n < slots.size(); ++n) {
    T value;
    std::memcpy(&value, p + n * sizeof(T), sizeof value);
    put(t, slots[n], value);
  }
  return true;
}

template <Space space, class T>
bool run_store(DeviceThread& t, const Instruction& i) {
  unsigned char* p = resolve<space>(t, t.registers[i.a] + static_cast<uint64_t>(i.value), sizeof(T),
                                    i.flag ? AccessKind::StrongWrite : AccessKind::Write);
  if (!p) return false;
  const T value = get<T>(t, i.b);
  std::memcpy(p, &value, sizeof value);
  return true;
}

template <Space space, class T>
bool run_store_vector(DeviceThread& t, const Instruction& i) {
  const std::vector<Slot>& slots = i.details->vector;
  const auto bytes = static_cast<uint32_t>(sizeof(T) * slots.size());
  unsigned char* p =
      resolve<space>(t, t.registers[i.a] + static_cast<uint64_t>(i.value), bytes, AccessKind::Write);
  if (!p) return false;
  for (size_t n = 0; n < slots.size(); ++n) {
    const T value = get<T>(t, slots[n]);
    std::memcpy(p + n * sizeof(T), &value, sizeof value);
  }
  return true;
}

// The integer type that a value of this type is moved as.
Type moved_as(Type type) {
  if (is_signed(type)) return type;
  switch (size_of(type)) {
    case 1:
      return Type::B8;
    case 2:
      return Type::B16;
    case 4:
      return Type::B32;
    default:
      return Type::B64;
  }
}

template <bool Store>
Handler transfer_handler(Space space, Type type, bool vector) {
  return with_integer(moved_as(type), [&](auto tag) {
    using T = typename decltype(tag)::Value;
    return with_space(space, [&](auto where) -> Handler {
      constexpr Space kSpace = decltype(where)::value;
      if constexpr (Store) return vector ? run_store_vector<kSpace, T> : run_store<kSpace, T>;
      else return vector ? run_load_vector<kSpace, T> : run_load<kSpace, T>;
    });
  });
}

void check_vector(Statement& s, const Operand& value) {
  const int width = s.take_one({"v2", "v4", "v8"}, 3);
  const size_t expected = width == 3 ? 0 : size_t{2} << width;
  if (value.elements.size() != expected) s.refuse("the size of its vector");
}

template <bool Store>
void decode_transfer(Statement& s, Instruction& i, FunctionContext& f) {
  const Space space = take_space(s);
  i.flag = take_strong(s);
  take_cache_hints(s);
  const Operand& address = s.operand(Store ? 0 : 1);
  const Operand& value = s.operand(Store ? 1 : 0);
  check_vector(s, value);
  s.finish(2, 2);
  if (address.kind != Operand::Kind::Address) s.refuse("its address");
  i.a = address.slot;
  i.value = address.offset;
  const bool vector = value.kind == Operand::Kind::Vector;
  if (vector) f.details(i).vector = value.elements;
  else (Store ? i.b : i.d) = value.slot;
  set_handler(s, i, transfer_handler<Store>(space, s.type(), vector));
}

template <class T>
bool run_move(DeviceThread& t, const Instruction& i) {
  put(t, i.d, get<T>(t, i.a));
  return true;
}

bool run_move_pack(DeviceThread& t, const Instruction& i) {
  const std::vector<Slot>& parts = i.details->vector;
  const unsigned bits = 8u * i.size / static_cast<unsigned>(parts.size());
  uint64_t value = 0;
  for (size_t n = parts.size(); n-- > 0;)
    value = value << bits | (t.registers[parts[n]] & ((uint64_t{1} << bits) - 1));
  t.registers[i.d] = value;
  return true;
}

bool run_move_unpack(DeviceThread& t, const Instruction& i) {
  const std::vector<Slot>& parts = i.details->vector;
  const unsigned bits = 8u * i.size / static_cast<unsigned>(parts.size());
  const uint64_t value = t.registers[i.a];
  for (size_t n = 0; n < parts.size(); ++n)
    t.registers[parts[n]] = value >> (bits * n) & ((uint64_t{1} << bits) - 1);
  return true;
}

bool run_clock(DeviceThread& t, const Instruction& i) {
  static std::atomic<uint64_t> clock = 0;
  t.registers[i.d] = clock += 32;
  return true;
}

void decode_move(Statement& s, Instruction& i, FunctionContext& f) {
  s.finish(2, 2);
  const Operand& to = s.operand(0);
  const Operand& from = s.operand(1);
  i.size = size_of(s.type());
  if (to.kind == Operand::Kind::Vector) {
    f.details(i).vector = to.elements;
    i.a = s.slot(1);
    i.handler = run_move_unpack;
  } else if (from.kind == Operand::Kind::Vector) {
    f.details(i).vector = from.elements;
    i.d = s.slot(0);
    i.handler = run_move_pack;
  } else if (from.kind == Operand::Kind::Name) {
    if (from.name != "%clock" && from.name != "%clock64" && from.name != "%globaltimer")
      s.refuse("the address of a function");
    i.d = s.slot(0);
    i.handler = run_clock;
  } else {
    i.d = s.slot(0), i.a = s.slot(1);
    if (s.type() == Type::Pred) i.handler = run_move<Predicate>;
    else
      set_handler(s, i, with_integer(moved_as(s.type()), [](auto tag) -> Handler {
                    return run_move<typename decltype(tag)::Value>;
                  }));
  }
}

uint64_t window(const DeviceThread& t, Space space) {
  switch (space) {
    case Space::Shared:
      return t.block->shared().base();
    case Space::Local:
      return reinterpret_cast<uint64_t>(t.local);
    case Space::Param:
      return reinterpret_cast<uint64_t>(t.frame);
    default:
      return 0;
  }
}

bool run_to_generic(DeviceThread& t, const Instruction& i) {
  t.registers[i.d] = t.registers[i.a] + window(t, static_cast<Space>(i.mode));
  return true;
}

bool run_from_generic(DeviceThread& t, const Instruction& i) {
  t.registers[i.d] = t.registers[i.a] - window(t, static_cast<Space>(i.mode));
  return true;
}

void decode_convert_address(Statement& s, Instruction& i, FunctionContext&) {
  const bool from_generic = s.take("to");
  i.mode = static_cast<uint8_t>(take_space(s));
  set_operands(s, i, 1);
  i.handler = from_generic ? run_from_generic : run_to_generic;
}

bool run_is_space(DeviceThread& t, const Instruction& i) {
  const uint64_t address = t.registers[i.a];
  const bool shared = t.block->shared().contains(address);
  const bool local = address - reinterpret_cast<uint64_t>(t.local) < t.block->local_stride();
  const auto space = static_cast<Space>(i.mode);
  put(t, i.d, Predicate{space == Space::Shared ? shared : space == Space::Local ? local : !shared && !local});
  return true;
}

void decode_is_space(Statement& s, Instruction& i, FunctionContext&) {
  const Space space = take_space(s);
  if (space == Space::Param || space == Space::Const) s.refuse("its state space");
  i.mode = static_cast<uint8_t>(space);
  set_operands(s, i, 1);
  i.handler = run_is_space;
}

}  // namespace

const std::vector<InstructionRow>& memory_instructions() {
  static const std::vector<InstructionRow> rows = {
      {"ld", decode_transfer<false>}, {"ldu", decode_transfer<false>},  {"st", decode_transfer<true>},
      {"mov", decode_move},           {"cvta", decode_convert_address}, {"isspacep", decode_is_space},
  };
  return rows;
}

}  // namespace plugrad::cuda_emulation::ptx
