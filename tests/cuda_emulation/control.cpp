// The C functions, on top of what they control.
#include "plugrad/tests/cuda_emulation/control.h"

#include <algorithm>
#include <cstring>
#include <functional>

#include "plugrad/tests/cuda_emulation/arena.h"
#include "plugrad/tests/cuda_emulation/counters.h"
#include "plugrad/tests/cuda_emulation/errors.h"
#include "plugrad/tests/cuda_emulation/faults.h"
#include "plugrad/tests/cuda_emulation/reports.h"
#include "plugrad/tests/cuda_emulation/settings.h"
#include "plugrad/tests/cuda_emulation/stream_state.h"
#include "plugrad/tests/cuda_emulation/streams.h"

using namespace plugrad::cuda_emulation;

namespace {

// After a sticky error nothing runs any more; the books are kept all the same.
void in_stream_order(void* stream, const char* name, const std::function<void()>& mark) {
  if (enqueue(static_cast<cudaStream_t>(stream), mark, name) != cudaSuccess) mark();
}

}  // namespace

extern "C" {

size_t cuda_emulation_take_report(char* text, size_t size) {
  const std::string report = take_report();
  if (size > 0) {
    const size_t copied = std::min(report.size(), size - 1);
    std::memcpy(text, report.data(), copied);
    text[copied] = '\0';
  }
  return report.size();
}

uint64_t cuda_emulation_counter(const char* name) { return counter(name); }

void cuda_emulation_configure(const char* order, uint64_t seed, int lazy) {
  const std::lock_guard lock(runtime_mutex());
  drain_all();
  if (order) settings().set_order(order);
  settings().random.seed(seed);
  settings().lazy = lazy != 0;
}

void cuda_emulation_fail(const char* call, int nth, int status) { inject_failure(call, nth, status); }

void cuda_emulation_sub_allocate(void* p, size_t bytes, void* stream) {
  in_stream_order(stream, "cuda_emulation_sub_allocate",
                  [p, bytes] { Arena::instance().sub_allocate(reinterpret_cast<uint64_t>(p), bytes); });
}

void cuda_emulation_sub_free(void* p, size_t bytes, void* stream) {
  in_stream_order(stream, "cuda_emulation_sub_free",
                  [p, bytes] { Arena::instance().sub_free(reinterpret_cast<uint64_t>(p), bytes); });
}

void cuda_emulation_clear_error() {
  const std::lock_guard lock(runtime_mutex());
  clear_errors();
}

}  // extern "C"
