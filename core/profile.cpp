#include "plugrad/core/profile.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <mutex>

#include "plugrad/core/backend.h"
#include "plugrad/core/core_ops.h"
#include "plugrad/core/recorder.h"
#include "plugrad/core/tape.h"

namespace plugrad {

using detail::Recorder;

Profile::Profile()
    : recorder_(std::make_unique<Recorder>()),
      outer_(std::exchange(detail::thread_state().recorder, recorder_.get())) {}
Profile::~Profile() { detail::thread_state().recorder = outer_; }

std::vector<ProfileEntry> Profile::entries() const { return recorder_->entries(); }
std::string Profile::to_trace() const { return recorder_->to_trace(); }

namespace {

std::string to_text(const std::vector<ProfileEntry>& entries, double peak) {
  std::string text =
      fmt::format("{:<26} {:<10} {:>9} {:>11} {:>11} {:>7} {:>10} {:>9} {:>6} {:>11}\n", "op", "backend",
                  "calls", "framework", "kernel", "share", "GB", "GFLOP/s", "peak", "allocations");
  double total = 0;
  for (const ProfileEntry& e : entries) total += e.framework_seconds + e.kernel_seconds;
  for (const ProfileEntry& e : entries) {
    const double rate = e.kernel_seconds > 0 ? e.flops / e.kernel_seconds : 0;
    text +=
        fmt::format("{:<26} {:<10} {:>9} {:>9.3f}ms {:>9.3f}ms {:>6.1f}% {:>10.4f} {:>9} {:>6} {:>11}\n",
                    e.op, e.backend, e.calls, 1e3 * e.framework_seconds, 1e3 * e.kernel_seconds,
                    total > 0 ? 100 * (e.framework_seconds + e.kernel_seconds) / total : 0,
                    1e-9 * static_cast<double>(e.bytes), rate > 0 ? fmt::format("{:.1f}", 1e-9 * rate) : "",
                    rate > 0 && peak > 0 ? fmt::format("{:.0f}%", 100 * rate / peak) : "", e.allocations);
  }
  return text;
}

}  // namespace

std::string Profile::to_text(double peak) const { return plugrad::to_text(entries(), peak); }

double peak_flops(Device device) {
  constexpr int64_t n = 512;
  constexpr int tries = 8;
  const NoGrad off;
  const Array x = detail::call_full({n, n}, 1, float32, device);
  const Row& matmul = get_op("matmul");
  const ArrayRef in[] = {x, x};
  Array y;
  double best = 0;
  for (int k = 0; k < tries; ++k) {
    const auto start = Recorder::Clock::now();
    dispatch(matmul, in, 2, nullptr, 0, &y, 1);
    synchronize(device);
    const double took = std::chrono::duration<double>(Recorder::Clock::now() - start).count();
    best = std::max(best, 2.0 * n * n * n / took);
  }
  return best;
}

namespace {

// The recorders of all threads, from the first call to the process's exit, which reports them.
struct ProcessProfile {
  std::mutex mutex;
  std::vector<std::unique_ptr<Recorder>> threads;
  bool table = false;
  std::string trace;  // a file; empty: none

  ProcessProfile() {
    const char *wanted = std::getenv("PLUGRAD_PROFILE"), *file = std::getenv("PLUGRAD_PROFILE_TRACE");
    table = wanted && std::string_view(wanted) != "0" && *wanted;
    trace = file ? file : "";
  }
  bool is_on() const { return table || !trace.empty(); }

  void report() {
    std::lock_guard lock(mutex);
    for (size_t k = 0; k < threads.size(); ++k) {
      if (table) fmt::print(stderr, "profile of thread {}\n{}", k, to_text(threads[k]->entries(), 0));
      if (!trace.empty()) std::ofstream(k ? fmt::format("{}.{}", trace, k) : trace) << threads[k]->to_trace();
    }
  }
};
ProcessProfile& process_profile() {
  static ProcessProfile& p = *new ProcessProfile;  // threads may end after main
  static const bool reports = p.is_on() && std::atexit([] { process_profile().report(); }) == 0;
  (void)reports;
  return p;
}

}  // namespace

namespace detail {

Recorder* recorder_of_process() {
  ProcessProfile& p = process_profile();
  if (!p.is_on()) return nullptr;
  std::lock_guard lock(p.mutex);
  p.threads.push_back(std::make_unique<Recorder>());
  return p.threads.back().get();
}

}  // namespace detail
}  // namespace plugrad
