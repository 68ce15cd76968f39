// What a profile writes to: open calls as a stack, sums per op, and the events of the trace.
#pragma once

#include <chrono>
#include <map>
#include <utility>

#include "plugrad/core/profile.h"
#include "plugrad/core/registry.h"

namespace plugrad::detail {

class Recorder {
 public:
  using Clock = std::chrono::steady_clock;

  void enter(ThreadState& t, const Row& op, bool gradient);
  void leave(const ThreadState& t);
  // Runs a kernel; on a device, waits for it.
  int32_t run(const Row& op, Device device, plugrad_kernel kernel, const plugrad_call& call);

  std::vector<ProfileEntry> entries() const;
  std::string to_trace() const;

 private:
  using Key = std::pair<const Row*, bool>;
  struct Sums {
    ProfileEntry entry;
    Clock::duration framework{}, kernel{};
  };
  struct Frame {
    Key key;
    Clock::time_point start;
    Clock::duration inside{};  // in the calls and kernels that it makes
    int64_t allocations;
  };
  struct Event {
    Key key;
    Clock::time_point start;
    Clock::duration duration;
    bool is_kernel;
  };
  static constexpr size_t most_events = 1'000'000;
  void add_event(const Event& e) {
    if (events_.size() < most_events) events_.push_back(e);
  }
  Sums& sums(const Key& key);

  Clock::time_point born_ = Clock::now();
  std::vector<Frame> open_;
  std::map<Key, Sums> sums_;
  std::vector<Event> events_;
};

// A call of dispatch, or the way back through a node of the tape.
class ProfiledCall {
 public:
  ProfiledCall(ThreadState& t, const Row& op, bool gradient) : t_(t) {
    if (t.recorder) [[unlikely]]
      t.recorder->enter(t, op, gradient);
  }
  ~ProfiledCall() {
    if (t_.recorder) [[unlikely]]
      t_.recorder->leave(t_);
  }
  ProfiledCall(const ProfiledCall&) = delete;
  ProfiledCall& operator=(const ProfiledCall&) = delete;

 private:
  ThreadState& t_;
};

// The recorder of a new thread where the environment asks for one; else null.
Recorder* recorder_of_process();

}  // namespace plugrad::detail
