// Where the device is in its work, for reports: a library call, or a thread of a kernel at a source line.
#pragma once

#include <string>

namespace plugrad::cuda_emulation {

class Place {
 public:
  virtual ~Place() = default;
  virtual std::string key() const = 0;       // equal for what is one mistake: the kernel and the line
  virtual std::string describe() const = 0;  // with thread and block
};

// Makes `place` the calling host thread's place while it lives.
class ScopedPlace {
 public:
  explicit ScopedPlace(const Place& place);
  ~ScopedPlace();
  ScopedPlace(const ScopedPlace&) = delete;
  ScopedPlace& operator=(const ScopedPlace&) = delete;

 private:
  const Place* outer_;
};

}  // namespace plugrad::cuda_emulation
