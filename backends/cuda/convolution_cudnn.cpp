// Convolutions by cuDNN: one handle for each stream, and one plan for each shape that the stream has met.
#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <limits>
#include <map>
#include <optional>
#include <string>

#include "plugrad/backends/cuda/convolution_plan.h"
#include "plugrad/backends/cuda/per_stream.h"

namespace plugrad::cuda {

namespace {

size_t workspace_limit() {
  constexpr const char* name = "PLUGRAD_CUDNN_WORKSPACE_LIMIT";
  constexpr size_t usual = size_t{256} << 20;
  const char* text = std::getenv(name);
  if (!text || !*text) return usual;
  char* end = nullptr;
  errno = 0;
  const unsigned long long bytes = std::strtoull(text, &end, 10);
  if (*text < '0' || *text > '9' || *end || errno)
    throw plugin::Failure(PLUGRAD_FAILED,
                          std::string(name) + ": needs a number of bytes, not '" + text + "'");
  return bytes;
}

class Cudnn {
 public:
  Cudnn(int, cudaStream_t stream) : handle_(stream) {}

  cudnnHandle_t handle() const { return handle_; }
  ConvolutionPlan& plan(const ConvolutionKey& key) {
    static const size_t limit = workspace_limit();
    const auto found = plans_.find(key);
    if (found != plans_.end()) return found->second;
    return plans_.try_emplace(key, handle_, key, limit).first->second;
  }

 private:
  CudnnHandle handle_;
  std::map<ConvolutionKey, ConvolutionPlan> plans_;
};

Cudnn& cudnn(const plugin::Call& c) {
  static auto& all = *new PerStream<Cudnn>;
  return all.of(c);
}

// cuDNN's descriptors count in int, and it insists on the y that follows from the other numbers.
bool fits(const Convolution& g) {
  constexpr int64_t most = std::numeric_limits<int>::max();
  bool fits = g.has_all_windows() && g.x_size() <= most && g.w_size() <= most && g.y_size() <= most;
  for (const auto& pair : {g.stride, g.padding, g.dilation}) fits &= pair[0] <= most && pair[1] <= most;
  return fits;
}

// Null without bytes; nothing where there is no memory.
std::optional<void*> find_workspace(const plugin::Call& c, size_t bytes) {
  if (bytes == 0) return nullptr;
  try {
    return c.workspace<char>(static_cast<int64_t>(bytes));
  } catch (const plugin::Failure& e) {
    if (e.status() != PLUGRAD_OUT_OF_MEMORY) throw;
    return {};
  }
}

}  // namespace

template <class T>
bool convolve_with_cudnn(const plugin::Call& c, Direction direction, const Convolution& g,
                         const ConvolutionArrays<T>& arrays) {
  if (!fits(g)) return false;
  Cudnn& library = cudnn(c);
  ConvolutionPlan& plan = library.plan({direction, cudnn_type<T>, g});
  size_t too_much = std::numeric_limits<size_t>::max();  // of workspace; the next call may have it
  for (size_t i = 0; i < plan.candidates().size();) {
    const ConvolutionPlan::Candidate candidate = plan.candidates()[i];
    const auto workspace =
        candidate.workspace_bytes < too_much ? find_workspace(c, candidate.workspace_bytes) : std::nullopt;
    if (!workspace) {
      too_much = std::min(too_much, candidate.workspace_bytes);
      ++i;
      continue;
    }
    const cudnnStatus_t status = plan.run(library.handle(), candidate, *workspace, arrays);
    if (!calls_for_another_way(status)) {
      check(status, plan.call());
      return true;
    }
    plan.remove(i);
  }
  return false;
}

template bool convolve_with_cudnn(const plugin::Call&, Direction, const Convolution&,
                                  const ConvolutionArrays<float>&);
template bool convolve_with_cudnn(const plugin::Call&, Direction, const Convolution&,
                                  const ConvolutionArrays<double>&);

}  // namespace plugrad::cuda
