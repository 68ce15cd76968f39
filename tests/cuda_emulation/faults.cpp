// The failures ordered and not yet delivered.
#include "plugrad/tests/cuda_emulation/faults.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <string>
#include <vector>

namespace plugrad::cuda_emulation {
namespace {

struct Fault {
  std::string call;
  int remaining;
  int status;
};

std::mutex mutex;
std::vector<Fault>& faults() {
  static auto* const instance = new std::vector<Fault>;
  return *instance;
}
std::atomic<bool> any = false;  // the usual case costs one load

}  // namespace

void inject_failure(std::string_view call, int nth, int status) {
  const std::lock_guard lock(mutex);
  faults().push_back({std::string(call), nth, status});
  any = true;
}

std::optional<int> injected_failure(std::string_view call) {
  if (!any) return std::nullopt;
  const std::lock_guard lock(mutex);
  std::optional<int> status;
  for (Fault& fault : faults())
    if (fault.call == call && --fault.remaining == 0 && !status) status = fault.status;
  std::erase_if(faults(), [](const Fault& fault) { return fault.remaining <= 0; });
  any = !faults().empty();
  return status;
}

}  // namespace plugrad::cuda_emulation
