#include "plugrad/core/recorder.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "plugrad/core/backend.h"

namespace plugrad::detail {

namespace {

double seconds(Recorder::Clock::duration d) { return std::chrono::duration<double>(d).count(); }
double microseconds(Recorder::Clock::duration d) { return 1e6 * seconds(d); }

std::string label(const Row& op, bool gradient) {
  return std::string(op.schema->name) + (gradient ? " gradient" : "");
}

// Elements that are repeated are read once.
int64_t bytes_of(const DLTensor* const* tensors, int n) {
  int64_t bytes = 0;
  for (int i = 0; tensors && i < n; ++i) {
    if (!tensors[i]) continue;
    int64_t elements = 1;
    for (int k = 0; k < tensors[i]->ndim; ++k)
      if (tensors[i]->strides[k] != 0 || tensors[i]->shape[k] == 0) elements *= tensors[i]->shape[k];
    bytes += elements * tensors[i]->dtype.bits / 8;
  }
  return bytes;
}

}  // namespace

Recorder::Sums& Recorder::sums(const Key& key) {
  const auto [at, is_new] = sums_.try_emplace(key);
  if (is_new) at->second.entry.op = label(*key.first, key.second);
  return at->second;
}

void Recorder::enter(ThreadState& t, const Row& op, bool gradient) {
  open_.push_back({{&op, gradient}, Clock::now(), {}, t.upstream_allocations});
}

void Recorder::leave(const ThreadState& t) {
  if (open_.empty()) return;  // opened before the profile was
  const Frame f = open_.back();
  open_.pop_back();
  const Clock::duration total = Clock::now() - f.start;
  Sums& s = sums(f.key);
  ++s.entry.calls;
  s.framework += total - f.inside;
  s.entry.allocations += t.upstream_allocations - f.allocations;
  if (!open_.empty()) {
    open_.back().inside += total;
    open_.back().allocations += t.upstream_allocations - f.allocations;
  }
  add_event({f.key, f.start, total, false});
}

int32_t Recorder::run(const Row& op, Device device, plugrad_kernel kernel, const plugrad_call& call) {
  const Key key = open_.empty() ? Key{&op, call.din != nullptr} : open_.back().key;
  const Clock::time_point start = Clock::now();
  const int32_t status = kernel(&call);
  if (!on_host(device)) {
    const plugrad_memory& m = backend(device.backend).memory;
    if (m.synchronize) m.synchronize(m.self, device.ordinal);
  }
  const Clock::duration duration = Clock::now() - start;
  Sums& s = sums(key);
  s.kernel += duration;
  s.entry.backend = backend(device.backend).name;
  s.entry.bytes += bytes_of(call.in, call.n_in) + bytes_of(call.out, call.n_out) +
                   bytes_of(call.dout, call.n_out) + bytes_of(call.din, call.n_in);
  if (op.schema->flops) s.entry.flops += op.schema->flops(call);
  if (!open_.empty()) open_.back().inside += duration;
  add_event({key, start, duration, true});
  return status;
}

std::vector<ProfileEntry> Recorder::entries() const {
  std::vector<ProfileEntry> entries;
  for (const auto& [key, s] : sums_) {
    entries.push_back(s.entry);
    entries.back().framework_seconds = seconds(s.framework);
    entries.back().kernel_seconds = seconds(s.kernel);
  }
  std::stable_sort(entries.begin(), entries.end(), [](const ProfileEntry& a, const ProfileEntry& b) {
    return a.framework_seconds + a.kernel_seconds > b.framework_seconds + b.kernel_seconds;
  });
  return entries;
}

std::string Recorder::to_trace() const {
  nlohmann::json events = nlohmann::json::array();
  for (const Event& e : events_)
    events.push_back({{"name", label(*e.key.first, e.key.second)},
                      {"cat", e.is_kernel ? "kernel" : "op"},
                      {"ph", "X"},
                      {"ts", microseconds(e.start - born_)},
                      {"dur", microseconds(e.duration)},
                      {"pid", 1},
                      {"tid", 1}});
  return nlohmann::json{{"traceEvents", std::move(events)}, {"displayTimeUnit", "ns"}}.dump();
}

}  // namespace plugrad::detail
