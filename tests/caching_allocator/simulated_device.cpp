#include "plugrad/tests/caching_allocator/simulated_device.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace plugrad::tests {

namespace {

using plugin::Reuse;
using plugin::Upstream;

constexpr uint64_t poison = 0xdeadbeefdeadbeef;

// The ends never overlap, unless they are the same byte.
size_t mark_bytes(size_t bytes) { return std::clamp<size_t>(bytes / 2, bytes ? 1 : 0, sizeof(uint64_t)); }

void put_mark(char* data, size_t bytes, uint64_t mark) {
  const size_t n = mark_bytes(bytes);
  std::memcpy(data, &mark, n);
  std::memcpy(data + bytes - n, &mark, n);
}

bool has_mark(const char* data, size_t bytes, uint64_t mark) {
  const size_t n = mark_bytes(bytes);
  return std::memcmp(data, &mark, n) == 0 && std::memcmp(data + bytes - n, &mark, n) == 0;
}

}  // namespace

SimulatedDevice::~SimulatedDevice() {
  for (const auto& [data, bytes] : segments_) std::free(data);
}

Upstream SimulatedDevice::upstream(Reuse reuse) {
  reuse_ = reuse;
  using D = SimulatedDevice;
  Upstream u;
  u.name = "simulated memory";
  u.self = this;
  u.allocate = [](void* s, size_t bytes, void** data) {
    return static_cast<D*>(s)->do_allocate(bytes, data);
  };
  u.deallocate = [](void* s, void* data) { static_cast<D*>(s)->do_deallocate(data); };
  u.record = [](void* s, void* stream, void** event) { return static_cast<D*>(s)->do_record(stream, event); };
  u.done = [](void* s, void* event) { return static_cast<D*>(s)->is_done(event); };
  u.wait = [](void* s, void* stream, void* event) { return static_cast<D*>(s)->do_wait(stream, event); };
  u.forget = [](void* s, void* event) { static_cast<D*>(s)->do_forget(event); };
  u.synchronize = [](void* s) { return static_cast<D*>(s)->do_synchronize(); };
  u.memory_info = [](void* s, size_t* free, size_t* total) {
    *total = static_cast<D*>(s)->capacity_;
    *free = *total - static_cast<D*>(s)->used_;
    return true;
  };
  u.describe = [](void*, int status) { return status == 7 ? "the simulated device has failed" : nullptr; };
  u.handed_out = [](void* s, void* data, size_t bytes, void* stream) {
    static_cast<D*>(s)->do_hand_out(data, bytes, stream);
  };
  u.taken_back = [](void* s, void* data, size_t bytes, void*) {
    static_cast<D*>(s)->do_take_back(data, bytes);
  };
  return u;
}

// ---- work ----

void SimulatedDevice::write(void* stream, void* data, size_t bytes, uint64_t mark) {
  const std::lock_guard lock(mutex_);
  to_stream(stream).work.push_back({Work::writes, static_cast<char*>(data), bytes, mark});
}

void SimulatedDevice::expect(void* stream, void* data, size_t bytes, uint64_t mark) {
  const std::lock_guard lock(mutex_);
  to_stream(stream).work.push_back({Work::expects, static_cast<char*>(data), bytes, mark});
}

bool SimulatedDevice::step(void* stream) {
  const std::lock_guard lock(mutex_);
  return run_oldest(to_stream(stream));
}

void SimulatedDevice::finish(void* stream) {
  const std::lock_guard lock(mutex_);
  Stream& s = to_stream(stream);
  while (!s.work.empty())
    if (!run_oldest(s))
      for (Stream& other : streams_)
        if (&other != &s && run_oldest(other)) break;
}

void SimulatedDevice::finish_all() {
  const std::lock_guard lock(mutex_);
  run_all();
}

bool SimulatedDevice::run_oldest(Stream& stream) {
  if (stream.work.empty()) return false;
  const Work& w = stream.work.front();
  if (w.kind == Work::waits && !*w.event) return false;
  if (w.kind == Work::records) *w.event = true;
  if (w.kind == Work::writes) put_mark(w.data, w.bytes, w.mark);
  if (w.kind == Work::expects && !has_mark(w.data, w.bytes, w.mark))
    violation("work found what it had not written", w.data, w.bytes);
  stream.work.pop_front();
  return true;
}

// Waiting never goes round in a circle: an event is recorded before anything waits for it.
void SimulatedDevice::run_all() {
  for (bool progress = true; progress;) {
    progress = false;
    for (Stream& s : streams_)
      while (run_oldest(s)) progress = true;
  }
}

// ---- the upstream's functions ----

void SimulatedDevice::fail(Call call, int nth, int times, int status) {
  const std::lock_guard lock(mutex_);
  faults_[call] = {calls_[call] + nth, calls_[call] + nth + times - 1, status};
}

void SimulatedDevice::fail_no_more() {
  const std::lock_guard lock(mutex_);
  faults_ = {};
}

// The status to return at once, or 0.
int SimulatedDevice::called(Call call) {
  const int n = ++calls_[call];
  const Fault& f = faults_[call];
  return n >= f.first && n <= f.last ? f.status : Upstream::ok;
}

int SimulatedDevice::do_allocate(size_t bytes, void** data) {
  const std::lock_guard lock(mutex_);
  if (const int status = called(allocate)) return status;
  if (bytes > capacity_ - used_) return Upstream::out_of_memory;
  *data = std::aligned_alloc(plugin::block_granularity, bytes);
  if (!*data) return Upstream::out_of_memory;
  segments_[static_cast<char*>(*data)] = bytes;
  used_ += bytes;
  return Upstream::ok;
}

void SimulatedDevice::do_deallocate(void* data) {
  const std::lock_guard lock(mutex_);
  const auto segment = segments_.find(static_cast<char*>(data));
  if (segment == segments_.end()) return violation("not a segment given back", data, 0);
  if (is_pending(segment->first, segment->second, nullptr))
    violation("given back with work pending", data, segment->second);
  used_ -= segment->second;
  std::free(segment->first);
  segments_.erase(segment);
}

int SimulatedDevice::do_record(void* stream, void** event) {
  const std::lock_guard lock(mutex_);
  if (const int status = called(record)) return status;
  Stream& s = to_stream(stream);
  auto made = std::make_unique<Event>(std::make_shared<bool>(s.work.empty()));
  if (!s.work.empty()) s.work.push_back({.kind = Work::records, .event = *made});
  *event = made.get();
  events_[*event] = std::move(made);
  return Upstream::ok;
}

bool SimulatedDevice::is_done(void* event) {
  const std::lock_guard lock(mutex_);
  return **events_.at(event);
}

int SimulatedDevice::do_wait(void* stream, void* event) {
  const std::lock_guard lock(mutex_);
  if (const int status = called(wait)) return status;
  to_stream(stream).work.push_back({.kind = Work::waits, .event = *events_.at(event)});
  return Upstream::ok;
}

void SimulatedDevice::do_forget(void* event) {
  const std::lock_guard lock(mutex_);
  if (events_.erase(event) == 0) violation("an event forgotten twice", event, 0);
}

int SimulatedDevice::do_synchronize() {
  const std::lock_guard lock(mutex_);
  if (const int status = called(synchronize)) return status;
  run_all();
  return Upstream::ok;
}

// ---- the checker's functions ----

void SimulatedDevice::do_hand_out(void* data, size_t bytes, void* stream) {
  const std::lock_guard lock(mutex_);
  char* const begin = static_cast<char*>(data);
  const size_t extent = std::max<size_t>(bytes, 1);
  if (reinterpret_cast<uintptr_t>(data) % plugin::block_granularity) violation("not aligned", data, bytes);
  auto segment = segments_.upper_bound(begin);
  if (segment == segments_.begin() || (--segment, begin + extent > segment->first + segment->second))
    violation("outside of any segment", data, bytes);
  const auto next = live_.lower_bound(begin);
  if (next != live_.end() && begin + extent > next->first)
    violation("overlaps the block behind", data, bytes);
  if (next != live_.begin() && std::prev(next)->first + std::prev(next)->second.bytes > begin)
    violation("overlaps the block before", data, bytes);
  const bool host_may_touch = reuse_ == Reuse::after_events;
  if (is_pending(begin, extent, host_may_touch ? nullptr : stream))
    violation("reused with work pending", data, bytes);
  if (host_may_touch) put_mark(begin, bytes, poison);
  else to_stream(stream).work.push_back({Work::writes, begin, bytes, poison});
  live_[begin] = {extent, stream};
}

void SimulatedDevice::do_take_back(void* data, size_t bytes) {
  const std::lock_guard lock(mutex_);
  const auto block = live_.find(static_cast<char*>(data));
  if (block == live_.end()) return violation("not handed out, but taken back", data, bytes);
  if (block->second.bytes != std::max<size_t>(bytes, 1)) violation("other bytes than before", data, bytes);
  const bool host_may_touch = reuse_ == Reuse::after_events;
  if (is_pending(block->first, block->second.bytes, host_may_touch ? nullptr : block->second.stream))
    violation("taken back with work pending", data, bytes);
  live_.erase(block);
}

bool SimulatedDevice::is_pending(const char* data, size_t bytes, const void* except) const {
  for (const Stream& s : streams_)
    if (&s != except &&
        std::any_of(s.work.begin(), s.work.end(), [&](const Work& w) { return w.touches(data, bytes); }))
      return true;
  return false;
}

void SimulatedDevice::violation(const char* what, const void* data, size_t bytes) {
  char text[160];
  std::snprintf(text, sizeof text, "%s: %zu bytes at %p", what, bytes, data);
  violations_.emplace_back(text);
}

}  // namespace plugrad::tests
