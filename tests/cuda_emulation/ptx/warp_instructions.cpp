// Instructions that the lanes of a warp carry out together. Only bar.warp.sync orders memory: shuffles and
// votes "do not imply a memory barrier" (Programming Guide, Warp Shuffle Functions, Warp Vote Functions).
#include <algorithm>

#include "plugrad/tests/cuda_emulation/block.h"
#include "plugrad/tests/cuda_emulation/ptx/instructions.h"
#include "plugrad/tests/cuda_emulation/reports.h"

namespace plugrad::cuda_emulation::ptx {
namespace {

template <class F>
void for_lanes(Warp& warp, uint32_t mask, F f) {
  for (uint32_t lane = 0; lane < 32; ++lane)
    if (mask >> lane & 1) f(warp.lanes[lane], lane);
}

void set_predicate(DeviceThread& t, Slot slot, bool value) {
  if (slot != kNoSlot) put(t, slot, Predicate{value});
}

// ---- shfl

void complete_shuffle(Block& block, Warp& warp, uint32_t arrived) {
  for_lanes(warp, arrived, [&](DeviceThread& t, uint32_t lane) {
    const uint32_t source = t.source_in_range ? t.source_lane : lane;
    uint64_t value = warp.lanes[source].operand;
    if (!(arrived >> source & 1)) {
      block.at(t);
      report("inactive-lane", "lane {} shuffles from lane {}, which takes no part", lane, source);
      value = 0xdeadbeef;
    }
    t.registers[t.waits_at->d] = value;
    set_predicate(t, t.waits_at->d2, t.source_in_range);
  });
}

enum ShuffleKind : uint8_t { Up, Down, Butterfly, Indexed };

// PTX ISA, shfl.sync: the lanes of a segment, the source, and whether it lies within.
void find_source(DeviceThread& t, ShuffleKind kind, uint32_t b, uint32_t c) {
  const int lane = t.lane, by = static_cast<int>(b & 31);
  const int segment = static_cast<int>(c >> 8 & 31), clamp = static_cast<int>(c & 31);
  const int last = (lane & segment) | (clamp & ~segment), first = lane & segment;
  int source = 0;
  switch (kind) {
    case Up:
      source = lane - by;
      break;
    case Down:
      source = lane + by;
      break;
    case Butterfly:
      source = lane ^ by;
      break;
    case Indexed:
      source = first | (by & ~segment);
      break;
  }
  t.source_in_range = kind == Up ? source >= last : source <= last;
  t.source_lane = static_cast<uint32_t>(source) & 31;
}

bool run_shuffle(DeviceThread& t, const Instruction& i) {
  t.operand = get<uint32_t>(t, i.a);
  find_source(t, static_cast<ShuffleKind>(i.mode), get<uint32_t>(t, i.b), get<uint32_t>(t, i.c));
  return t.block->arrive_at_warp(t, i, get<uint32_t>(t, i.e), complete_shuffle);
}

void decode_shuffle(Statement& s, Instruction& i, FunctionContext&) {
  if (!s.take("sync")) s.refuse("a shuffle without .sync");
  i.mode = static_cast<uint8_t>(s.take_one({"up", "down", "bfly", "idx"}));
  s.finish(5, 5);
  i.d = s.slot(0), i.d2 = s.operand(0).second, i.a = s.slot(1), i.b = s.slot(2), i.c = s.slot(3),
  i.e = s.slot(4);
  i.handler = run_shuffle;
}

// ---- vote, match, redux, elect

uint32_t ballot(Warp& warp, uint32_t arrived) {
  uint32_t set = 0;
  for_lanes(warp, arrived, [&](DeviceThread& t, uint32_t lane) { set |= t.operand & 1 ? 1u << lane : 0; });
  return set;
}

enum Vote : uint8_t { All, Any, Uni, Ballot };

void complete_vote(Block&, Warp& warp, uint32_t arrived) {
  const uint32_t set = ballot(warp, arrived);
  for_lanes(warp, arrived, [&](DeviceThread& t, uint32_t) {
    uint32_t result = set;
    switch (static_cast<Vote>(t.waits_at->mode)) {
      case All:
        result = set == arrived;
        break;
      case Any:
        result = set != 0;
        break;
      case Uni:
        result = set == arrived || set == 0;
        break;
      case Ballot:
        break;
    }
    t.registers[t.waits_at->d] = result;
  });
}

bool run_vote(DeviceThread& t, const Instruction& i) {
  t.operand = t.registers[i.a] & 1;
  return t.block->arrive_at_warp(t, i, get<uint32_t>(t, i.b), complete_vote);
}

void decode_vote(Statement& s, Instruction& i, FunctionContext&) {
  if (!s.take("sync")) s.refuse("a vote without .sync");
  i.mode = static_cast<uint8_t>(s.take_one({"all", "any", "uni", "ballot"}));
  set_operands(s, i, 2);
  i.handler = run_vote;
}

uint32_t equal_lanes(Warp& warp, uint32_t arrived, uint64_t value) {
  uint32_t equal = 0;
  for_lanes(warp, arrived,
            [&](DeviceThread& t, uint32_t lane) { equal |= t.operand == value ? 1u << lane : 0; });
  return equal;
}

void complete_match(Block&, Warp& warp, uint32_t arrived) {
  for_lanes(warp, arrived, [&](DeviceThread& t, uint32_t) {
    uint32_t result = equal_lanes(warp, arrived, t.operand);
    if (t.waits_at->mode == 1) {  // match.all
      const bool all = result == arrived;
      result = all ? arrived : 0;
      set_predicate(t, t.waits_at->d2, all);
    }
    t.registers[t.waits_at->d] = result;
  });
}

template <class T>
bool run_match(DeviceThread& t, const Instruction& i) {
  t.operand = get<T>(t, i.a);
  return t.block->arrive_at_warp(t, i, get<uint32_t>(t, i.b), complete_match);
}

void decode_match(Statement& s, Instruction& i, FunctionContext&) {
  i.mode = static_cast<uint8_t>(s.take_one({"any", "all"}));
  if (!s.take("sync")) s.refuse("its kind");
  i.d2 = s.operand(0).second;
  set_operands(s, i, 2);
  i.handler = size_of(s.type()) == 8 ? run_match<uint64_t> : run_match<uint32_t>;
}

enum Reduction : uint8_t { Add, Min, Max, And, Or, Xor };

template <class T>
T reduce(Reduction how, T a, T b) {
  switch (how) {
    case Add:
      return static_cast<T>(static_cast<uint32_t>(a) + static_cast<uint32_t>(b));
    case Min:
      return std::min(a, b);
    case Max:
      return std::max(a, b);
    case And:
      return a & b;
    case Or:
      return a | b;
    case Xor:
      return a ^ b;
  }
  return a;
}

template <class T>
void complete_reduction(Block&, Warp& warp, uint32_t arrived) {
  bool first = true;
  T result = 0;
  for_lanes(warp, arrived, [&](DeviceThread& t, uint32_t) {
    const auto value = static_cast<T>(t.operand);
    result = first ? value : reduce(static_cast<Reduction>(t.waits_at->mode), result, value);
    first = false;
  });
  for_lanes(warp, arrived, [&](DeviceThread& t, uint32_t) { put(t, t.waits_at->d, result); });
}

template <class T>
bool run_reduction(DeviceThread& t, const Instruction& i) {
  t.operand = get<uint32_t>(t, i.a);
  return t.block->arrive_at_warp(t, i, get<uint32_t>(t, i.b), complete_reduction<T>);
}

void decode_reduction(Statement& s, Instruction& i, FunctionContext&) {
  if (!s.take("sync")) s.refuse("its kind");
  i.mode = static_cast<uint8_t>(s.take_one({"add", "min", "max", "and", "or", "xor"}));
  if (is_float(s.type())) s.refuse("its types");
  set_operands(s, i, 2);
  i.handler = is_signed(s.type()) ? run_reduction<int32_t> : run_reduction<uint32_t>;
}

void complete_election(Block&, Warp& warp, uint32_t arrived) {
  const auto leader = static_cast<uint32_t>(std::countr_zero(arrived));
  for_lanes(warp, arrived, [&](DeviceThread& t, uint32_t lane) {
    t.registers[t.waits_at->d] = leader;
    set_predicate(t, t.waits_at->d2, lane == leader);
  });
}

bool run_election(DeviceThread& t, const Instruction& i) {
  return t.block->arrive_at_warp(t, i, get<uint32_t>(t, i.a), complete_election);
}

void decode_election(Statement& s, Instruction& i, FunctionContext&) {
  if (!s.take("sync")) s.refuse("its kind");
  i.d2 = s.operand(0).second;
  set_operands(s, i, 1);
  i.handler = run_election;
}

// ---- bar.warp.sync, activemask

void complete_barrier(Block& block, Warp& warp, uint32_t arrived) { block.synchronize_lanes(warp, arrived); }

bool run_warp_barrier(DeviceThread& t, const Instruction& i) {
  return t.block->arrive_at_warp(t, i, get<uint32_t>(t, i.a), complete_barrier);
}

bool run_active_mask(DeviceThread& t, const Instruction& i) { return t.block->arrive_at_active_mask(t, i); }

void decode_active_mask(Statement& s, Instruction& i, FunctionContext&) {
  set_operands(s, i, 0);
  i.handler = run_active_mask;
}

}  // namespace

void decode_warp_barrier(Statement& s, Instruction& i, FunctionContext&) {
  s.take("sync");
  s.finish(1, 1);
  i.a = s.slot(0);
  i.handler = run_warp_barrier;
}

const std::vector<InstructionRow>& warp_instructions() {
  static const std::vector<InstructionRow> rows = {
      {"shfl", decode_shuffle},    {"vote", decode_vote},      {"match", decode_match},
      {"redux", decode_reduction}, {"elect", decode_election}, {"activemask", decode_active_mask},
  };
  return rows;
}

}  // namespace plugrad::cuda_emulation::ptx
