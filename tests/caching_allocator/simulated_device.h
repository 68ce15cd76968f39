// A device for tests of allocators: memory of a fixed size, and streams whose work is done when the test says
// so. It notices memory that is handed out twice, reused while work on it is pending, or given back then.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "plugrad/backends/common/caching_allocator.h"

namespace plugrad::tests {

class SimulatedDevice {
 public:
  static constexpr int n_streams = 8;

  explicit SimulatedDevice(size_t capacity) : capacity_(capacity) {}
  SimulatedDevice(const SimulatedDevice&) = delete;
  SimulatedDevice& operator=(const SimulatedDevice&) = delete;
  ~SimulatedDevice();

  // What an allocator over this device gets; `reuse` is the allocator's.
  plugin::Upstream upstream(plugin::Reuse reuse);

  void* stream(int i) { return &streams_[static_cast<size_t>(i)]; }
  // Work for a stream: writes `mark` to both ends of the memory, or looks whether it is there.
  void write(void* stream, void* data, size_t bytes, uint64_t mark);
  void expect(void* stream, void* data, size_t bytes, uint64_t mark);
  // Does the oldest work of the stream; false where there is none, or it waits for another stream.
  bool step(void* stream);
  // Does all work of the stream, and of others so far as it waits for it.
  void finish(void* stream);
  void finish_all();

  // The nth call from now on of a function of the upstream, and those that follow it up to `times`, return
  // `status` and do nothing else.
  enum Call { allocate, record, wait, synchronize };
  void fail(Call call, int nth, int times, int status);
  void fail_no_more();
  int calls(Call call) const { return calls_[call]; }

  size_t used() const { return used_; }
  size_t segments() const { return segments_.size(); }
  size_t live_blocks() const { return live_.size(); }
  size_t events() const { return events_.size(); }
  // What went wrong, in words; empty: nothing.
  const std::vector<std::string>& violations() const { return violations_; }

 private:
  using Event = std::shared_ptr<bool>;  // is it done?
  struct Work {
    enum Kind { writes, expects, records, waits } kind;
    char* data = nullptr;
    size_t bytes = 0;
    uint64_t mark = 0;
    Event event = {};
    bool touches(const char* from, size_t n) const { return data < from + n && from < data + bytes; }
  };
  struct Stream {
    std::deque<Work> work;
  };
  struct Live {
    size_t bytes;
    void* stream;
  };
  struct Fault {
    int first = 0, last = -1, status = 0;
  };

  static Stream& to_stream(void* stream) { return *static_cast<Stream*>(stream); }
  int called(Call call);
  int do_allocate(size_t bytes, void** data);
  void do_deallocate(void* data);
  int do_record(void* stream, void** event);
  bool is_done(void* event);
  int do_wait(void* stream, void* event);
  void do_forget(void* event);
  int do_synchronize();
  void do_hand_out(void* data, size_t bytes, void* stream);
  void do_take_back(void* data, size_t bytes);

  bool run_oldest(Stream& stream);
  void run_all();
  // Is there pending work on the memory, but for that of the stream `except`?
  bool is_pending(const char* data, size_t bytes, const void* except) const;
  void violation(const char* what, const void* data, size_t bytes);

  const size_t capacity_;
  plugin::Reuse reuse_ = plugin::Reuse::in_stream_order;
  mutable std::mutex mutex_;
  std::array<Stream, n_streams> streams_;
  std::map<char*, size_t> segments_;
  std::map<char*, Live> live_;  // blocks handed out
  std::map<void*, std::unique_ptr<Event>> events_;
  size_t used_ = 0;
  std::array<Fault, 4> faults_{};  // by call
  std::array<int, 4> calls_{};
  std::vector<std::string> violations_;
};

}  // namespace plugrad::tests
