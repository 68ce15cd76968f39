// How many threads one op may use.
#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string_view>
#include <thread>

#include "plugrad/core/backend.h"
#include "plugrad/core/error.h"

namespace plugrad {

namespace detail {

// 0: undecided. The first backend that is loaded decides, before any kernel can run.
constinit std::atomic<int> thread_limit = 0;

}  // namespace detail

namespace {

constexpr const char* threads_variable = "PLUGRAD_NUM_THREADS";

// The cores that this process may run on: in a container or under taskset fewer than the machine has.
int available_cores() {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  if (sched_getaffinity(0, sizeof cores, &cores) == 0) return std::max(1, CPU_COUNT(&cores));
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));  // more than 1024 cores
}

int initial_threads() {
  const char* text = std::getenv(threads_variable);
  if (!text || !*text) return available_cores();
  const std::string_view s = text;
  int n = 0;
  const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), n);
  if (error != std::errc{} || end != s.data() + s.size() || n < 1)
    throw Error(fmt::format("{}: '{}' is not a number of threads: expected a whole number, at least 1",
                            threads_variable, s));
  return n;
}

}  // namespace

int num_threads() {
  if (const int n = detail::thread_limit.load(std::memory_order_relaxed)) return n;
  int decided = 0;
  const int n = initial_threads();
  return detail::thread_limit.compare_exchange_strong(decided, n) ? n : decided;
}

void set_num_threads(int n) {
  if (n < 1) throw Error(fmt::format("set_num_threads: {} threads: expected at least 1", n));
  detail::thread_limit.store(n, std::memory_order_relaxed);
}

}  // namespace plugrad
