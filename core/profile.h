// Where the time goes: of each op, calls, time in the framework and in its kernels, bytes, arithmetic and
// allocations; and a trace of every call.
//
// In code: `const Profile profile; train(); std::cout << profile.to_text();`. From outside: with
// PLUGRAD_PROFILE=1 the whole process is profiled and the table goes to stderr when it exits, with
// PLUGRAD_PROFILE_TRACE=<file> the trace is written to that file.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "plugrad/core/device.h"
#include "plugrad/core/export.h"

namespace plugrad {

namespace detail {
class Recorder;
}

struct ProfileEntry {
  std::string op;       // "matmul", or "matmul gradient"
  std::string backend;  // where its kernels ran; "" for ops without, such as views
  int64_t calls = 0;
  double framework_seconds = 0;  // checks, shapes, memory, recording; without the ops that it calls
  double kernel_seconds = 0;     // on a device: until it was done, which the profile waits for
  int64_t bytes = 0;             // that kernels read and wrote
  double flops = 0;              // as the op's schema counts them; 0: it does not
  int64_t allocations = 0;       // passed on to the system or the device
};

// While it lives, all that the calling thread runs is written down; an inner profile takes over from an outer
// one. Lives on the stack of one thread.
class PLUGRAD_PUBLIC Profile {
 public:
  Profile();
  ~Profile();
  Profile(const Profile&) = delete;
  Profile& operator=(const Profile&) = delete;

  std::vector<ProfileEntry> entries() const;  // the costliest first
  // As a table. `peak` in FLOP/s, as peak_flops measures it; 0: the share of it is left out.
  std::string to_text(double peak = 0) const;
  // In the Trace Event Format, which Perfetto and Chrome open. The first million calls.
  std::string to_trace() const;

 private:
  std::unique_ptr<detail::Recorder> recorder_;
  detail::Recorder* outer_;
};

// What this many threads reach on float32 matrix products: the best of some, in FLOP/s. About 50 ms.
PLUGRAD_PUBLIC double peak_flops(Device device);

}  // namespace plugrad
