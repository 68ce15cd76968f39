// Queues of work, their clocks, and when they run. In lazy mode nothing runs before it must: that is the
// latest moment a device may choose, and shows what was not waited for.
#include "plugrad/tests/cuda_emulation/streams.h"

#include <algorithm>
#include <memory>
#include <unordered_map>

#include "plugrad/tests/cuda_emulation/errors.h"
#include "plugrad/tests/cuda_emulation/pinned_memory.h"
#include "plugrad/tests/cuda_emulation/place.h"
#include "plugrad/tests/cuda_emulation/races.h"
#include "plugrad/tests/cuda_emulation/reports.h"
#include "plugrad/tests/cuda_emulation/settings.h"
#include "plugrad/tests/cuda_emulation/stream_state.h"

namespace plugrad::cuda_emulation {
namespace {

constexpr size_t kLongestQueue = 1024;  // then lazy work runs all the same

struct Streams {
  std::vector<std::unique_ptr<Stream>>
      all;  // [0] is the legacy default stream; destroyed ones stay, to know them
  std::unordered_map<const void*, Stream*> by_handle;
  std::vector<std::unique_ptr<Event>> all_events;
  std::unordered_map<const void*, Event*> events;
  VectorClock host;

  Streams() { add({}); }
  Stream* add(Stream stream) {
    stream.index = static_cast<uint32_t>(all.size());
    all.push_back(std::make_unique<Stream>(std::move(stream)));
    by_handle[all.back().get()] = all.back().get();
    return all.back().get();
  }
  Stream& legacy() { return *all.front(); }
};

Streams& streams() {
  static auto* const instance = new Streams;
  return *instance;
}

class OperationPlace : public Place {
 public:
  explicit OperationPlace(const std::string& name) : name_(name) {}
  std::string key() const override { return name_; }
  std::string describe() const override { return name_; }

 private:
  const std::string& name_;
};

void run_until(Stream& stream, uint32_t number);

void execute(const PendingOperation& next) {
  for (const Dependency& d : next.dependencies) run_until(*d.stream, d.number);
  if (sticky_error() != cudaSuccess) return;
  const OperationPlace place(next.operation->name);
  const ScopedPlace scope(place);
  RaceChecker::instance().begin_operation();
  OperationHistory::instance().begin(next.operation, RaceChecker::instance().phase());
  next.work();
  OperationHistory::instance().end();
}

void run_until(Stream& stream, uint32_t number) {
  while (stream.done < number && !stream.pending.empty()) {
    PendingOperation next = std::move(stream.pending.front());
    stream.pending.pop_front();
    execute(next);
    ++stream.done;
  }
}

void depend(Stream& stream, Stream& on) {
  stream.clock.join(on.clock);
  if (on.done < on.enqueued) stream.waits.push_back({&on, on.enqueued});
}

// "No commands from different streams can run concurrently if the host thread issues any CUDA command to the
// NULL stream in-between them" (Programming Guide, Implicit Synchronization), except for non-blocking
// streams.
void order_with_default_stream(Stream& stream) {
  Streams& s = streams();
  if (&stream != &s.legacy()) {
    if (stream.blocking) depend(stream, s.legacy());
    return;
  }
  for (const auto& other : s.all)
    if (other.get() != &stream && other->live && other->blocking) depend(stream, *other);
}

Stream* per_thread_stream() {
  thread_local Stream* stream = nullptr;
  if (!stream) stream = streams().add({});
  return stream;
}

}  // namespace

Stream* find_stream(cudaStream_t handle, const char* call) {
  if (!handle || handle == cudaStreamLegacy) return &streams().legacy();
  if (handle == cudaStreamPerThread) return per_thread_stream();
  auto it = streams().by_handle.find(handle);
  if (it != streams().by_handle.end() && it->second->live) return it->second;
  report("bad-stream", "{}: {} {}", call, static_cast<const void*>(handle),
         it == streams().by_handle.end() ? "is no stream" : "is a destroyed stream");
  return nullptr;
}

Event* find_event(cudaEvent_t handle, const char* call) {
  auto it = streams().events.find(handle);
  if (it != streams().events.end() && it->second->live) return it->second;
  report("bad-event", "{}: {} {}", call, static_cast<const void*>(handle),
         it == streams().events.end() ? "is no event" : "is a destroyed event");
  return nullptr;
}

cudaStream_t create_stream(unsigned flags, int priority, int device) {
  Stream stream;
  stream.blocking = !(flags & cudaStreamNonBlocking);
  stream.flags = flags;
  stream.priority = priority;
  stream.device = device;
  return reinterpret_cast<cudaStream_t>(streams().add(std::move(stream)));
}

// "The resources ... will be released automatically once all work in the stream has completed"
// (cudaStreamDestroy).
void destroy_stream(Stream* stream) {
  run_until(*stream, stream->enqueued);
  stream->live = false;
}

cudaEvent_t create_event(unsigned flags) {
  auto event = std::make_unique<Event>();
  event->timed = !(flags & cudaEventDisableTiming);
  event->blocking_sync = flags & cudaEventBlockingSync;
  streams().events[event.get()] = event.get();
  streams().all_events.push_back(std::move(event));
  return reinterpret_cast<cudaEvent_t>(streams().all_events.back().get());
}

Enqueued enqueue_on(Stream& stream, std::function<void()> work, std::string name) {
  Streams& s = streams();
  order_with_default_stream(stream);
  stream.clock.join(s.host);
  stream.clock.set(stream.index, ++stream.enqueued);
  auto operation = std::make_shared<const Operation>(
      Operation{std::move(name), stream.index, stream.enqueued, stream.clock});
  stream.pending.push_back({std::move(operation), std::move(work), std::exchange(stream.waits, {})});
  if (!settings().lazy || stream.pending.size() > kLongestQueue) run_until(stream, stream.enqueued);
  return {stream.index, stream.enqueued};
}

void record(Event& event, Stream& stream) {
  event.reached = std::make_shared<std::chrono::steady_clock::time_point>();
  const Enqueued at = enqueue_on(
      stream, [reached = event.reached] { *reached = std::chrono::steady_clock::now(); }, "cudaEventRecord");
  event.recorded = true;
  event.stream = &stream;
  event.number = at.number;
  event.clock = stream.clock;
}

void wait(Stream& stream, const Event& event) {
  if (!event.recorded)
    return;  // "If ... has not been called ..., this function acts as if the record is complete"
  stream.clock.join(event.clock);
  stream.waits.push_back({event.stream, event.number});
}

void host_joins(const VectorClock& clock) {
  streams().host.join(clock);
  verify_pinned_sources();
}

void drain(Stream& stream) {
  if (&stream == &streams().legacy()) order_with_default_stream(stream);
  run_until(stream, stream.enqueued);
  for (const Dependency& d : std::exchange(stream.waits, {})) run_until(*d.stream, d.number);
  host_joins(stream.clock);
}

void drain(const Event& event) {
  if (!event.recorded) return;
  run_until(*event.stream, event.number);
  host_joins(event.clock);
}

void drain_all() {
  Streams& s = streams();
  for (size_t i = s.all.size();
       i-- > 0;) {  // the latest first: the order of creation is not an order of work
    run_until(*s.all[i], s.all[i]->enqueued);
    s.host.join(s.all[i]->clock);
  }
  verify_pinned_sources();
}

void drop_pending() {
  for (const auto& stream : streams().all) {
    stream->pending.clear();
    stream->waits.clear();
    stream->done = stream->enqueued;
  }
}

void progress(Stream& stream) { run_until(stream, stream.done + 1); }
bool is_done(const Stream& stream) { return stream.done == stream.enqueued; }
bool is_done(const Event& event) { return !event.recorded || event.stream->done >= event.number; }
bool host_has_seen(Enqueued work) { return streams().host.has_seen(work.stream, work.number); }
cudaError_t enqueue(cudaStream_t handle, std::function<void()> work, std::string name) {
  const std::lock_guard lock(runtime_mutex());
  if (sticky_error() != cudaSuccess) return sticky_error();
  Stream* stream = find_stream(handle, name.c_str());
  if (!stream) return cudaErrorInvalidResourceHandle;
  enqueue_on(*stream, std::move(work), std::move(name));
  return cudaSuccess;
}

cudaError_t synchronize(cudaStream_t handle) {
  const std::lock_guard lock(runtime_mutex());
  Stream* stream = find_stream(handle, "synchronize");
  if (!stream) return cudaErrorInvalidResourceHandle;
  drain(*stream);
  return sticky_error();
}

bool is_live(cudaStream_t handle) {
  const std::lock_guard lock(runtime_mutex());
  if (!handle || handle == cudaStreamLegacy || handle == cudaStreamPerThread) return true;
  auto it = streams().by_handle.find(handle);
  return it != streams().by_handle.end() && it->second->live;
}

}  // namespace plugrad::cuda_emulation
