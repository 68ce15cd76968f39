// The threads of a block: how they are laid out and started, and the places where they meet.
#include "plugrad/tests/cuda_emulation/block.h"

#include <algorithm>
#include <cstring>

#include "plugrad/tests/cuda_emulation/errors.h"
#include "plugrad/tests/cuda_emulation/ptx/interpreter.h"
#include "plugrad/tests/cuda_emulation/reports.h"

namespace plugrad::cuda_emulation {

using State = DeviceThread::State;

Block::Block(const KernelLaunch& launch)
    : launch_(launch),
      arena_(Arena::instance()),
      races_(RaceChecker::instance()),
      shared_(SharedMemory::instance()),
      size_(launch.block.x * launch.block.y * launch.block.z) {
  lay_out_threads();
}

Block::~Block() { shared_.set(launch_.function->shared, launch_.dynamic_shared, ByteState::None); }

void Block::lay_out_threads() {
  const ptx::StackNeeds needs = ptx::stack_needs(*launch_.function);
  const auto round_up = [](uint64_t n) { return (n + 15) / 16 * 16; };
  register_stride_ = needs.registers + 8;
  frame_stride_ = round_up(needs.frame_bytes) + 16;
  local_stride_ = round_up(needs.local_bytes) + 16;
  registers_.resize(size_ * register_stride_);
  frames_.resize(size_ * frame_stride_ + 16);
  local_.resize(size_ * local_stride_ + 16);
  calls_.resize(uint64_t{size_} * needs.depth);
  threads_.resize(size_);
  warps_.resize((size_ + 31) / 32);
  const auto align = [](unsigned char* p) { return p + (16 - reinterpret_cast<uintptr_t>(p) % 16) % 16; };
  for (uint32_t n = 0; n < size_; ++n) {
    DeviceThread& t = threads_[n];
    t.index = n;
    t.lane = static_cast<uint8_t>(n % 32);
    t.tid = {n % launch_.block.x, n / launch_.block.x % launch_.block.y,
             n / launch_.block.x / launch_.block.y};
    t.block = this;
    t.warp = &warps_[n / 32];
    t.registers_end = registers_.data() + (n + 1) * register_stride_;
    t.frames_begin = align(frames_.data()) + n * frame_stride_;
    t.frames_end = t.frames_begin + frame_stride_;
    t.local = align(local_.data()) + n * local_stride_;
    t.calls_begin = calls_.data() + uint64_t{n} * needs.depth;
    t.calls_end = t.calls_begin + needs.depth;
  }
  for (size_t w = 0; w < warps_.size(); ++w) warps_[w].lanes = &threads_[w * 32];
}

void Block::start(uint3 index) {
  index_ = index;
  waiting_ = exited_ = 0;
  races_.begin_block();
  shared_.set(launch_.function->shared, launch_.dynamic_shared, ByteState::Uninitialised);
  for (DeviceThread& thread : threads_) start_thread(thread);
  for (size_t w = 0; w < warps_.size(); ++w) {
    const uint32_t lanes = std::min<uint32_t>(32, size_ - static_cast<uint32_t>(w) * 32);
    warps_[w].alive = lanes == 32 ? ~0u : (1u << lanes) - 1;
    warps_[w].groups.clear();
    warps_[w].clocks.used = true;
    warps_[w].clocks.reset();
  }
}

void Block::start_thread(DeviceThread& thread) {
  thread.registers = thread.registers_end - register_stride_ + launch_.function->constants.size();
  thread.frame = thread.frames_begin;
  thread.local_base = 0;
  thread.call = thread.calls_begin;
  *thread.call = {launch_.function, nullptr};
  thread.state = State::Ready;
  thread.waits_at = nullptr;
  thread.carry = false;
  std::memcpy(thread.frame, launch_.parameters.data(), launch_.parameters.size());
  ptx::enter(thread, *launch_.function);
}

uint64_t Block::instructions() const {
  uint64_t sum = 0;
  for (const DeviceThread& t : threads_) sum += t.instructions;
  return sum;
}

void Block::fail(cudaError_t error) {
  failed_ = true;
  break_context(error);
}

bool Block::owns_local(uint64_t address) const {
  const auto begin = reinterpret_cast<uint64_t>(local_.data());
  const auto frames = reinterpret_cast<uint64_t>(frames_.data());
  return address - begin < local_.size() || address - frames < frames_.size();
}

bool Block::arrive_at_barrier(DeviceThread& thread, const ptx::Instruction& i, BarrierReduction reduction,
                              bool predicate) {
  if (waiting_ == 0) first_waiting_ = &thread;
  else if (first_waiting_->waits_at != &i)
    report("barrier-divergence", "thread {} of the block waits at another barrier, at {}",
           first_waiting_->index, source_line(*this, *first_waiting_));
  thread.state = State::AtBarrier;
  thread.waits_at = &i;
  thread.operand = predicate;
  reduction_ = reduction;
  ++waiting_;
  if (waiting_ + exited_ < size_) return false;
  if (exited_ > 0)
    report("barrier-exit", "{} threads of the block left the kernel without reaching this barrier", exited_);
  release_barrier();
  return true;
}

void Block::release_barrier() {
  uint32_t set = 0;
  for (const DeviceThread& t : threads_) set += t.state == State::AtBarrier && t.operand;
  for (DeviceThread& t : threads_) {
    if (t.state != State::AtBarrier) continue;
    if (reduction_ == BarrierReduction::Count) t.registers[t.waits_at->d] = set;
    if (reduction_ == BarrierReduction::And) t.registers[t.waits_at->d] = set == waiting_;
    if (reduction_ == BarrierReduction::Or) t.registers[t.waits_at->d] = set != 0;
    t.state = State::Ready;
    t.waits_at = nullptr;
  }
  waiting_ = 0;
  races_.begin_phase();
  for (Warp& warp : warps_) warp.clocks.reset();
}

bool Block::arrive_at_warp(DeviceThread& thread, const ptx::Instruction& i, uint32_t mask,
                           WarpCompletion complete) {
  const uint32_t bit = 1u << thread.lane;
  if (!(mask & bit)) report("warp-mask", "lane {} is not in the mask {:#x} that it gives", thread.lane, mask);
  Warp& warp = *thread.warp;
  const auto same = [&](const WarpGroup& g) { return g.mask == mask && g.complete == complete; };
  auto group = std::find_if(warp.groups.begin(), warp.groups.end(), same);
  if (group == warp.groups.end()) group = warp.groups.insert(group, {mask, 0, complete});
  group->arrived |= bit;
  thread.state = State::AtWarp;
  thread.waits_at = &i;
  thread.mask = mask;
  return complete_if_full(warp, static_cast<size_t>(group - warp.groups.begin())) &&
         thread.state == State::Ready;
}

bool Block::complete_if_full(Warp& warp, size_t index) {
  const WarpGroup group = warp.groups[index];
  const uint32_t expected = group.mask & warp.alive;
  if ((group.arrived & expected) != expected) return false;
  warp.groups.erase(warp.groups.begin() + static_cast<std::ptrdiff_t>(index));
  const DeviceThread* caller = current_;
  group.complete(*this, warp, group.arrived);
  current_ = caller;
  for (uint32_t lane = 0; lane < 32; ++lane)
    if (group.arrived >> lane & 1) {
      warp.lanes[lane].state = State::Ready;
      warp.lanes[lane].waits_at = nullptr;
    }
  return true;
}

void Block::synchronize_lanes(Warp& warp, uint32_t mask) {
  if (warp.clocks.meet(mask)) return;
  races_.begin_phase();
  for (Warp& each : warps_) each.clocks.reset();
}

bool Block::arrive_at_active_mask(DeviceThread& thread, const ptx::Instruction& i) {
  thread.state = State::AtActiveMask;
  thread.waits_at = &i;
  return false;
}

// When nothing else can run: the lanes that reached the same instruction are the active ones.
bool Block::release_active_masks() {
  bool any = false;
  for (Warp& warp : warps_) {
    const ptx::Instruction* at = nullptr;
    uint32_t mask = 0;
    for (uint32_t lane = 0; lane < 32; ++lane) {
      if (!(warp.alive >> lane & 1) || warp.lanes[lane].state != State::AtActiveMask) continue;
      if (!at) at = warp.lanes[lane].waits_at;
      if (warp.lanes[lane].waits_at == at) mask |= 1u << lane;
    }
    for (uint32_t lane = 0; lane < 32; ++lane) {
      if (!(mask >> lane & 1)) continue;
      DeviceThread& t = warp.lanes[lane];
      t.registers[at->d] = mask;
      t.state = State::Ready;
      t.waits_at = nullptr;
      any = true;
    }
  }
  return any;
}

void Block::exit(DeviceThread& thread) {
  thread.state = State::Exited;
  ++exited_;
  Warp& warp = *thread.warp;
  warp.alive &= ~(1u << thread.lane);
  for (size_t g = 0; g < warp.groups.size();)
    if (!complete_if_full(warp, g)) ++g;
  if (waiting_ == 0 || waiting_ + exited_ < size_) return;
  for (const DeviceThread& other : threads_)
    if (other.state == State::AtBarrier) at(other);
  report("barrier-exit", "{} threads of the block left the kernel without reaching this barrier", exited_);
  release_barrier();
}

uint64_t Block::special(const DeviceThread& thread, ptx::Special special) const {
  using ptx::Special;
  const uint32_t bit = 1u << thread.lane;
  switch (special) {
    case Special::LaneId:
      return thread.lane;
    case Special::WarpId:
      return thread.index / 32;
    case Special::NwarpId:
      return warps_.size();
    case Special::LaneMaskEq:
      return bit;
    case Special::LaneMaskLt:
      return bit - 1;
    case Special::LaneMaskLe:
      return bit | (bit - 1);
    case Special::LaneMaskGt:
      return ~(bit | (bit - 1));
    case Special::LaneMaskGe:
      return ~(bit - 1);
    case Special::SmId:
      return 0;
    case Special::NsmId:
      return 1;
    case Special::DynamicSharedSize:
      return launch_.dynamic_shared;
    case Special::GridId:
      return 1;
    default:
      return position(thread, special);
  }
}

// TidX to NctaidZ: four vectors of three components, in this order.
uint64_t Block::position(const DeviceThread& thread, ptx::Special special) const {
  const dim3 vectors[] = {thread.tid, launch_.block, index_, launch_.grid};
  const auto n = static_cast<size_t>(special);
  const dim3 v = vectors[n / 3];
  return n % 3 == 0 ? v.x : n % 3 == 1 ? v.y : v.z;
}

}  // namespace plugrad::cuda_emulation
