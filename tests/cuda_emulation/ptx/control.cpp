// Branches, calls, the end of threads, barriers of the block, and what has no effect here.
#include <cstring>
#include <string>

#include "plugrad/tests/cuda_emulation/block.h"
#include "plugrad/tests/cuda_emulation/kernel_memory.h"
#include "plugrad/tests/cuda_emulation/ptx/instructions.h"
#include "plugrad/tests/cuda_emulation/ptx/interpreter.h"
#include "plugrad/tests/cuda_emulation/ptx/spaces.h"
#include "plugrad/tests/cuda_emulation/reports.h"

namespace plugrad::cuda_emulation::ptx {
namespace {

bool run_branch(DeviceThread& t, const Instruction& i) {
  t.next = t.call->function->code.data() + i.value;
  return true;
}

void decode_branch(Statement& s, Instruction& i, FunctionContext& f) {
  s.take("uni");
  s.finish(1, 1);
  i.value = f.label(s.operand(0).name);
  i.handler = run_branch;
}

bool run_branch_table(DeviceThread& t, const Instruction& i) {
  const auto index = get<uint32_t>(t, i.a);
  const std::vector<int64_t>& targets = i.details->targets;
  if (index < targets.size()) {
    t.next = t.call->function->code.data() + targets[index];
    return true;
  }
  report("bad-branch", "branch to target {} of {}", index, targets.size());
  t.block->fail(cudaErrorIllegalInstruction);
  return false;
}

void decode_branch_table(Statement& s, Instruction& i, FunctionContext& f) {
  s.take("uni");
  if (!s.take("idx")) s.refuse("its kind");
  s.finish(2, 2);
  i.a = s.slot(0);
  Details& details = f.details(i);
  for (const std::string_view label : f.branch_targets(s.operand(1).name))
    details.targets.push_back(f.label(label));
  i.handler = run_branch_table;
}

bool run_exit(DeviceThread& t, const Instruction&) {
  t.block->exit(t);
  return false;
}

bool run_return(DeviceThread& t, const Instruction& i) {
  if (t.call == t.calls_begin) return run_exit(t, i);
  const Function& from = *t.call->function;
  t.next = t.call->next;
  --t.call;
  const Function& to = *t.call->function;
  t.registers -= from.constants.size() + to.registers;
  t.local_base -= frame_align(to.local_bytes);
  unsigned char* callee_frame = t.frame;
  t.frame -= frame_align(to.frame_bytes);
  const Details& call = *t.next[-1].details;
  for (size_t n = 0; n < call.results.size(); ++n)
    std::memcpy(t.frame + call.results[n], callee_frame + from.results[n].offset, from.results[n].bytes);
  return true;
}

bool run_call(DeviceThread& t, const Instruction& i) {
  const Function& from = *t.call->function;
  const Function& to = *i.details->callee;
  uint64_t* registers = t.registers + from.registers + to.constants.size();
  if (t.call + 1 == t.calls_end || registers + to.registers > t.registers_end) {
    report("stack-overflow", "the call of {} exceeds the stack", to.name);
    t.block->fail(cudaErrorLaunchFailure);
    return false;
  }
  unsigned char* frame = t.frame + frame_align(from.frame_bytes);
  for (size_t n = 0; n < to.parameters.size(); ++n)
    std::memcpy(frame + to.parameters[n].offset, t.frame + i.details->arguments[n], to.parameters[n].bytes);
  t.registers = registers;
  t.frame = frame;
  t.local_base += frame_align(from.local_bytes);
  *++t.call = {&to, t.next};
  enter(t, to);
  return true;
}

std::string read_text(DeviceThread& t, uint64_t address) {
  std::string text;
  constexpr size_t kLongest = 1000;
  while (text.size() < kLongest) {
    const unsigned char* p = generic_memory(t, address + text.size(), 1, AccessKind::Read);
    if (!p || !*p) break;
    text.push_back(static_cast<char>(*p));
  }
  return text;
}

// void __assertfail(const char* message, const char* file, unsigned line, const char* function, size_t
// char_size)
bool run_assert_failure(DeviceThread& t, const Instruction& i) {
  const auto argument = [&](size_t n) {
    uint64_t value = 0;
    std::memcpy(&value, t.frame + i.details->arguments[n], n == 2 ? 4 : 8);
    return value;
  };
  report("device-assert", "{}:{}: {}: assertion `{}' failed", read_text(t, argument(1)), argument(2),
         read_text(t, argument(3)), read_text(t, argument(0)));
  t.block->fail(cudaErrorAssert);
  return false;
}

void decode_call(Statement& s, Instruction& i, FunctionContext& f) {
  s.take("uni");
  s.finish(1, 1);
  const std::string_view name = s.operand(0).name;
  if (name.empty()) s.refuse("a call through a pointer");
  Details& details = f.details(i);
  details.arguments = s.arguments;
  details.results = s.results;
  details.callee = f.function(name);
  if (details.callee) i.handler = run_call;
  else if (name == "__assertfail" && s.arguments.size() == 5) i.handler = run_assert_failure;
  else s.refuse("a call of " + std::string(name) + ", which this module does not define");
}

bool run_trap(DeviceThread& t, const Instruction&) {
  report("trap", "the kernel trapped");
  t.block->fail(cudaErrorLaunchFailure);
  return false;
}

bool run_nothing(DeviceThread&, const Instruction&) { return true; }

void decode_return(Statement& s, Instruction& i, FunctionContext&) {
  s.take("uni");
  s.finish(0, 0);
  i.handler = s.opcode == "ret" ? run_return : s.opcode == "exit" ? run_exit : run_trap;
}

// Fences, prefetches and hints: threads see each other's writes at once here.
void decode_nothing(Statement&, Instruction& i, FunctionContext&) { i.handler = run_nothing; }

bool whole_block(DeviceThread& t, const Instruction& i) {
  const dim3 size = t.block->launch().block;
  if (i.b == kNoSlot || get<uint32_t>(t, i.b) == size.x * size.y * size.z) return true;
  report("unsupported", "a barrier of {} threads, which is not the whole block", get<uint32_t>(t, i.b));
  t.block->fail(cudaErrorNotSupported);
  return false;
}

bool run_barrier(DeviceThread& t, const Instruction& i) {
  const bool predicate = i.c != kNoSlot && get<Predicate>(t, i.c).value;
  return whole_block(t, i) &&
         t.block->arrive_at_barrier(t, i, static_cast<BarrierReduction>(i.mode), predicate);
}

void decode_barrier(Statement& s, Instruction& i, FunctionContext& f) {
  if (s.take("warp")) return decode_warp_barrier(s, i, f);
  s.take("cta");
  s.take("aligned");
  i.handler = run_barrier;
  if (s.take("sync")) {
    s.finish(1, 2);
    if (s.operands.size() == 2) i.b = s.slot(1);
    return;
  }
  if (!s.take("red")) s.refuse("its kind");
  i.mode = static_cast<uint8_t>(1 + s.take_one({"popc", "and", "or"}));
  s.finish(3, 4);
  i.d = s.slot(0);
  if (s.operands.size() == 4) i.b = s.slot(2);
  i.c = s.slot(s.operands.size() - 1);
}

}  // namespace

Handler branch_handler() { return run_branch; }

const std::vector<InstructionRow>& control_instructions() {
  static const std::vector<InstructionRow> rows = {
      {"bra", decode_branch},
      {"brx", decode_branch_table},
      {"call", decode_call},
      {"ret", decode_return},
      {"exit", decode_return},
      {"trap", decode_return},
      {"brkpt", decode_return},
      {"bar", decode_barrier},
      {"barrier", decode_barrier},
      {"membar", decode_nothing},
      {"fence", decode_nothing},
      {"prefetch", decode_nothing},
      {"prefetchu", decode_nothing},
      {"discard", decode_nothing},
      {"applypriority", decode_nothing},
      {"nanosleep", decode_nothing},
      {"griddepcontrol", decode_nothing},
      {"pmevent", decode_nothing},
  };
  return rows;
}

}  // namespace plugrad::cuda_emulation::ptx
