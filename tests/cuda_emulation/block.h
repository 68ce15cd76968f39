// A running thread block: its threads, where they meet (barriers and warp instructions), and what is wrong
// with that.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>
#include <string>
#include <vector>

#include "plugrad/tests/cuda_emulation/arena.h"
#include "plugrad/tests/cuda_emulation/device_thread.h"
#include "plugrad/tests/cuda_emulation/place.h"
#include "plugrad/tests/cuda_emulation/races.h"
#include "plugrad/tests/cuda_emulation/shared_memory.h"

namespace plugrad::cuda_emulation {

struct KernelLaunch {
  const ptx::Function* function = nullptr;
  const std::vector<std::string>* files = nullptr;  // named by the function's source lines
  std::string name;
  dim3 grid;
  dim3 block;
  uint32_t dynamic_shared = 0;
  std::vector<unsigned char> parameters;
};

struct Warp;
// Gives each lane that arrived its result, in the register that its own instruction names.
using WarpCompletion = void (*)(Block&, Warp&, uint32_t arrived);

struct WarpGroup {
  uint32_t mask;
  uint32_t arrived;
  WarpCompletion complete;
};

struct Warp {
  DeviceThread* lanes = nullptr;  // the first of its threads
  uint32_t alive = 0;
  WarpClocks clocks;
  std::vector<WarpGroup> groups;  // that not all lanes have reached
};

enum class BarrierReduction : uint8_t { None, Count, And, Or };

class Block {
 public:
  explicit Block(const KernelLaunch& launch);
  ~Block();
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  // Runs one block to its end; false when the launch has failed.
  bool run(uint3 index);

  // For the instructions. False: the thread waits.
  bool arrive_at_barrier(DeviceThread& thread, const ptx::Instruction& i, BarrierReduction reduction,
                         bool predicate);
  bool arrive_at_warp(DeviceThread& thread, const ptx::Instruction& i, uint32_t mask,
                      WarpCompletion complete);
  bool arrive_at_active_mask(DeviceThread& thread, const ptx::Instruction& i);
  void synchronize_lanes(Warp& warp, uint32_t mask);
  void exit(DeviceThread& thread);
  void fail(cudaError_t error);
  // Names `thread` as the place of the reports that follow.
  void at(const DeviceThread& thread) { current_ = &thread; }

  uint64_t special(const DeviceThread& thread, ptx::Special special) const;
  const KernelLaunch& launch() const { return launch_; }
  uint3 index() const { return index_; }
  Arena& arena() const { return arena_; }
  RaceChecker& races() const { return races_; }
  SharedMemory& shared() const { return shared_; }
  uint64_t local_stride() const { return local_stride_; }
  bool owns_local(uint64_t address) const;
  const DeviceThread* current() const { return current_; }
  uint64_t instructions() const;  // that all its threads have run

 private:
  uint64_t position(const DeviceThread& thread, ptx::Special special) const;
  void lay_out_threads();
  void start(uint3 index);
  void start_thread(DeviceThread& thread);
  bool run_pass(std::vector<uint32_t>& order);
  bool complete_if_full(Warp& warp, size_t group);
  void release_barrier();
  bool release_active_masks();
  void report_deadlock();

  const KernelLaunch& launch_;
  Arena& arena_;
  RaceChecker& races_;
  SharedMemory& shared_;
  uint32_t size_;
  uint64_t register_stride_ = 0;
  uint64_t frame_stride_ = 0;
  uint64_t local_stride_ = 0;
  std::vector<uint64_t> registers_;
  std::vector<unsigned char> frames_;
  std::vector<unsigned char> local_;
  std::vector<Frame> calls_;
  std::vector<DeviceThread> threads_;
  std::vector<Warp> warps_;
  uint3 index_{};
  const DeviceThread* current_ = nullptr;
  const DeviceThread* first_waiting_ = nullptr;  // at the barrier
  uint32_t waiting_ = 0;
  uint32_t exited_ = 0;
  BarrierReduction reduction_ = BarrierReduction::None;
  bool failed_ = false;
};

// The file and line where a thread is, of its kernel or of a function inlined there.
std::string source_line(const Block& block, const DeviceThread& thread);

// The place of a report made while a kernel runs.
class KernelPlace : public Place {
 public:
  explicit KernelPlace(const Block& block) : block_(block) {}
  std::string key() const override;
  std::string describe() const override;

 private:
  const Block& block_;
};

// Runs the whole grid, on the calling host thread.
void run_grid(const KernelLaunch& launch);

}  // namespace plugrad::cuda_emulation
