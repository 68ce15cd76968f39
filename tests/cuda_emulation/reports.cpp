// The list of reports, and the end of the process: reports that nobody took are printed, and the status
// is 97.
#include "plugrad/tests/cuda_emulation/reports.h"

#include <unistd.h>

#include <cstdio>
#include <deque>
#include <mutex>
#include <unordered_set>

#include "plugrad/tests/cuda_emulation/place.h"

namespace plugrad::cuda_emulation {
namespace {

constexpr int kExitStatus = 97;

struct Reports {
  std::mutex mutex;
  std::deque<std::string> texts;
  std::unordered_set<std::string> known;  // until all are taken
};

Reports& reports() {
  static auto* const instance = new Reports;  // never destroyed: reports come until the very end
  return *instance;
}

thread_local const Place* current_place = nullptr;

__attribute__((destructor)) void print_reports_at_exit() {
  if (reports().texts.empty()) return;
  std::fflush(nullptr);
  fmt::print(stderr, "CUDA emulation: {} reports\n", reports().texts.size());
  for (const std::string& text : reports().texts) fmt::print(stderr, "  {}\n", text);
  std::fflush(nullptr);
  _exit(kExitStatus);
}

}  // namespace

ScopedPlace::ScopedPlace(const Place& place) : outer_(std::exchange(current_place, &place)) {}
ScopedPlace::~ScopedPlace() { current_place = outer_; }

bool add_report(std::string_view kind, std::string text) {
  const Place* place = current_place;
  std::string key = fmt::format("{}\n{}", kind, place ? place->key() : text);
  std::string full = fmt::format("{}: {} [{}]", kind, text, place ? place->describe() : "host");
  Reports& all = reports();
  const std::lock_guard lock(all.mutex);
  if (!all.known.insert(std::move(key)).second) return false;
  all.texts.push_back(std::move(full));
  return true;
}

std::string take_report() {
  Reports& all = reports();
  const std::lock_guard lock(all.mutex);
  if (all.texts.empty()) {
    all.known.clear();
    return {};
  }
  std::string text = std::move(all.texts.front());
  all.texts.pop_front();
  if (all.texts.empty()) all.known.clear();
  return text;
}

}  // namespace plugrad::cuda_emulation
