// The order in which blocks and threads run, and the end of those that never end.
#include <algorithm>
#include <numeric>

#include "plugrad/tests/cuda_emulation/block.h"
#include "plugrad/tests/cuda_emulation/counters.h"
#include "plugrad/tests/cuda_emulation/ptx/interpreter.h"
#include "plugrad/tests/cuda_emulation/reports.h"
#include "plugrad/tests/cuda_emulation/settings.h"

namespace plugrad::cuda_emulation {
namespace {

using State = DeviceThread::State;

constexpr uint64_t kTimeSlice =
    1 << 22;  // then another thread runs, so that one may wait for what another writes

template <class T>
std::vector<T> ordered(T n) {
  std::vector<T> order(n);
  std::iota(order.begin(), order.end(), T{0});
  if (settings().order == Order::Reverse) std::reverse(order.begin(), order.end());
  if (settings().order == Order::Random) std::shuffle(order.begin(), order.end(), settings().random);
  return order;
}

}  // namespace

bool Block::run_pass(std::vector<uint32_t>& order) {
  if (settings().order == Order::Random) std::shuffle(order.begin(), order.end(), settings().random);
  bool progress = false;
  for (const uint32_t n : order) {
    DeviceThread& thread = threads_[n];
    if (thread.state != State::Ready) continue;
    progress = true;
    at(thread);
    ptx::run(thread, kTimeSlice);
    if (failed_) return false;
  }
  return progress || release_active_masks();
}

void Block::report_deadlock() {
  const auto waits = [](const DeviceThread& t) {
    return t.state == State::AtBarrier || t.state == State::AtWarp;
  };
  const auto first = std::find_if(threads_.begin(), threads_.end(), waits);
  if (first == threads_.end()) return;
  at(*first);
  uint32_t at_warp = 0;
  for (const DeviceThread& t : threads_) at_warp += t.state == State::AtWarp;
  if (first->state == State::AtWarp)
    report("deadlock",
           "lane {} waits for lanes {:#x}, not all of which come; {} threads wait at barriers, {} at warp "
           "instructions",
           first->lane, first->mask, waiting_, at_warp);
  else report("deadlock", "{} threads wait at a barrier, {} at warp instructions", waiting_, at_warp);
  fail(cudaErrorLaunchTimeout);
}

bool Block::run(uint3 index) {
  start(index);
  std::vector<uint32_t> order = ordered(size_);
  const uint64_t before = instructions();
  while (exited_ < size_ && !failed_) {
    if (!run_pass(order) && !failed_) report_deadlock();
    const uint64_t done = instructions() - before;
    if (done < settings().instructions || failed_) continue;
    report("timeout", "the block has run {} instructions: a loop waits for what no thread of it does", done);
    fail(cudaErrorLaunchTimeout);
  }
  current_ = nullptr;
  return !failed_;
}

void run_grid(const KernelLaunch& launch) {
  Block block(launch);
  const KernelPlace place(block);
  const ScopedPlace scope(place);
  const dim3 g = launch.grid;
  for (const uint64_t n : ordered(uint64_t{g.x} * g.y * g.z)) {
    const uint3 index{static_cast<unsigned>(n % g.x), static_cast<unsigned>(n / g.x % g.y),
                      static_cast<unsigned>(n / g.x / g.y)};
    if (!block.run(index)) break;
  }
  count(Counter::Instructions, block.instructions());
}

}  // namespace plugrad::cuda_emulation
