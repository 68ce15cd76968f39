// The memory of the devices: one range of addresses that the host cannot touch, mapped a second time for the
// emulation, with a state for each byte and a map of allocations that lie far apart.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "plugrad/tests/cuda_emulation/races.h"

namespace plugrad::cuda_emulation {

enum class ByteState : uint8_t { None, Uninitialised, Initialised, Freed };

class Arena {
 public:
  static Arena& instance();

  bool contains(uint64_t address) const { return address - base_ < size_; }
  uint64_t offset(uint64_t address) const { return address - base_; }
  uint64_t size() const { return size_; }
  unsigned char* open(uint64_t offset) const {
    return open_ + offset;
  }  // the bytes, for the emulation itself
  ByteState* states(uint64_t offset) const { return states_ + offset; }
  Cells& cells() { return cells_; }

  // 0 when the device's memory is used up.
  uint64_t allocate(uint64_t bytes, int device);
  bool release(uint64_t address);  // false: not the start of an allocation
  void release_all(int device);
  uint64_t used(int device) const;
  // The device whose allocation holds the address.
  std::optional<int> device_of(uint64_t address) const;

  bool holds(uint64_t address, uint64_t bytes) const;  // they lie in one live allocation

  // A caching allocator's blocks.
  void sub_allocate(uint64_t address, uint64_t bytes);
  void sub_free(uint64_t address, uint64_t bytes);

  void set_host_access(bool open);
  std::string describe(uint64_t address) const;  // where it lies, relative to an allocation

 private:
  struct Allocation {
    uint64_t bytes;
    int device;
    bool live;
  };

  Arena();
  std::optional<uint64_t> find_room(uint64_t bytes);
  void forget(uint64_t begin, uint64_t end);
  void hand_over(uint64_t address, uint64_t bytes, ByteState state, const char* what);
  void discard_pages(uint64_t begin, uint64_t end);

  uint64_t base_ = 0;
  uint64_t size_ = 0;
  int file_ = -1;
  unsigned char* open_ = nullptr;
  ByteState* states_ = nullptr;
  Cells cells_;
  uint64_t next_ = 0;     // where the search for room begins: freed addresses come back as late as possible
  uint64_t touched_ = 0;  // no allocation ever lay above
  std::map<uint64_t, Allocation> allocations_;  // by offset; freed ones stay until their room is used again
};

}  // namespace plugrad::cuda_emulation
