// Runs a convolution as cuDNN's reference describes it ("cudnn_cnn Library", cudnnConvolutionForward() and
// the two gradients).
#include "plugrad/tests/cuda_emulation/cudnn/convolution.h"

#include <atomic>
#include <cstring>
#include <string>

#include "plugrad/tests/cuda_emulation/counters.h"
#include "plugrad/tests/cuda_emulation/cudnn/algorithms.h"
#include "plugrad/tests/cuda_emulation/cudnn/loops.h"
#include "plugrad/tests/cuda_emulation/cudnn/operand.h"
#include "plugrad/tests/cuda_emulation/device_memory.h"
#include "plugrad/tests/cuda_emulation/library/tf32.h"
#include "plugrad/tests/cuda_emulation/reports.h"
#include "plugrad/tests/cuda_emulation/streams.h"

namespace plugrad::cuda_emulation::cudnn {

namespace {

// A checked call, with copies of all that belongs to the caller.
struct Work {
  const char* name;
  Direction direction;
  Problem problem;
  Operand x, w, y;
  Scaling scaling;
  void* workspace;
  size_t workspace_bytes;
  bool deterministic, tf32;

  const Operand& result() const {
    if (direction == Direction::Forward) return y;
    return direction == Direction::BackwardData ? x : w;
  }
  std::vector<Operand> inputs() const {
    if (direction == Direction::Forward) return {x, w};
    if (direction == Direction::BackwardData) return {w, y};
    return {x, y};
  }
};

// "Scaling Parameters": alpha and beta are pointers to host memory, to float for float tensors and double for
// double.
double scalar(cudnnDataType_t type, const void* p) {
  if (type == CUDNN_DATA_DOUBLE) return *static_cast<const double*>(p);
  return static_cast<double>(*static_cast<const float*>(p));
}

// What an algorithm that adds by atomics does: the last bits differ from call to call.
void disturb(std::vector<double>& values) {
  static std::atomic<uint64_t> calls{0};
  uint64_t state = calls.fetch_add(1) * 0x9e3779b97f4a7c15;
  for (double& value : values) {
    state = state * 6364136223846793005 + 1442695040888963407;
    value *= 1 + (static_cast<double>(state >> 40) / (1 << 24) - 0.5) * 0x1p-22;
  }
}

// Whatever the caller keeps in the workspace is gone after the call.
bool take_workspace(const Work& work) {
  if (work.workspace_bytes == 0) return true;
  if (!check_range(work.workspace, work.workspace_bytes, true,
                   (std::string(work.name) + " workspace").c_str()))
    return false;
  std::memset(work.workspace, 0xcd, work.workspace_bytes);
  return true;
}

bool check_operands(const Work& work) {
  for (const Operand& input : work.inputs())
    if (!input.check(false, work.name)) return false;
  const Operand& result = work.result();
  return (work.scaling.beta == 0 || result.check(false, work.name)) && result.check(true, work.name);
}

void compute(const Work& work) {
  const DeviceAccess open;
  if (!take_workspace(work) || !check_operands(work)) return;
  const auto values = [&work](const Operand& operand, int64_t size) {
    if (&operand == &work.result()) return std::vector<double>(static_cast<size_t>(size), 0.0);
    return operand.read(work.tf32);
  };
  const Problem& p = work.problem;
  Values v = {values(work.x, p.x.size()), values(work.w, p.w.size()), values(work.y, p.y.size())};
  convolve(work.direction, p, v);
  std::vector<double>& result = work.direction == Direction::Forward        ? v.y
                                : work.direction == Direction::BackwardData ? v.x
                                                                            : v.w;
  if (!work.deterministic) disturb(result);
  work.result().write(result, work.scaling);
}

// No call of this family is documented to work in place, or to share its workspace.
void report_overlap(const Work& work) {
  std::vector<Extent> read;
  for (const Operand& input : work.inputs()) read.push_back(input.extent());
  if (overlaps({work.result().extent(), {work.workspace, work.workspace_bytes}}, read))
    report("overlap", "{}: the result or the workspace overlaps something else", work.name);
}

// cudnnMathType_t: with CUDNN_DEFAULT_MATH and the CUDNN_TENSOR_OP_MATH modes, "Tensor Core TF32 operation is
// permitted" from compute capability 8.0 on; CUDNN_FMA_MATH is "restricted to only kernels that use FMA
// instructions".
bool uses_tf32(const Problem& p, int device) {
  return p.x.type == CUDNN_DATA_FLOAT && p.convolution.math_type != CUDNN_FMA_MATH && has_tf32(device);
}

// CUDNN_STATUS_BAD_PARAM: "at least one of" the descriptors, data pointers, "alpha, and beta is NULL".
bool has_null(const ConvolutionCall& call) {
  return !call.x || !call.w || !call.y || !call.alpha || !call.beta;
}

cudnnStatus_t check(const ConvolutionCall& call, Problem* p, const Algorithm** algorithm) {
  if (has_null(call)) return CUDNN_STATUS_BAD_PARAM_NULL_POINTER;
  if (const auto status = read_problem(call.name, call.x_descriptor, call.w_descriptor, call.convolution,
                                       call.y_descriptor, p))
    return status;
  *algorithm = find_algorithm(call.direction, call.algorithm);
  if (!*algorithm) return CUDNN_STATUS_BAD_PARAM;
  // CUDNN_STATUS_NOT_SUPPORTED: "The chosen algo does not support the parameters provided".
  if (const auto status = (*algorithm)->supports(*p)) return status;
  // The workspace is "required to execute the specified algorithm"; its size is what the ...WorkspaceSize()
  // call says.
  const size_t needed = (*algorithm)->workspace(*p);
  if (call.workspace_bytes < needed) return CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT;
  if (needed > 0 && !call.workspace) return CUDNN_STATUS_BAD_PARAM_NULL_POINTER;
  if (is_device_pointer(call.alpha) || is_device_pointer(call.beta)) {
    report("bad-pointer", "{}: alpha or beta lies on the device", call.name);
    return CUDNN_STATUS_BAD_PARAM;
  }
  return CUDNN_STATUS_SUCCESS;
}

}  // namespace

cudnnStatus_t run(const cudnnContext& context, const ConvolutionCall& call) {
  Problem p;
  const Algorithm* algorithm = nullptr;
  if (const auto status = check(call, &p, &algorithm)) return status;
  const Work work = {call.name,
                     call.direction,
                     p,
                     Operand(p.x, call.x, call.direction == Direction::BackwardData ? "dx" : "x"),
                     Operand(p.w, call.w, call.direction == Direction::BackwardFilter ? "dw" : "w"),
                     Operand(p.y, call.y, call.direction == Direction::Forward ? "y" : "dy"),
                     {scalar(p.x.type, call.alpha), scalar(p.x.type, call.beta)},
                     call.workspace,
                     algorithm->workspace(p),
                     algorithm->deterministic,
                     uses_tf32(p, context.device)};
  report_overlap(work);
  count(Counter::LibraryCalls);
  const cudaError_t status = enqueue(
      context.stream, [work] { compute(work); }, call.name);
  return status == cudaSuccess ? CUDNN_STATUS_SUCCESS : CUDNN_STATUS_EXECUTION_FAILED_CUDART;
}

}  // namespace plugrad::cuda_emulation::cudnn
