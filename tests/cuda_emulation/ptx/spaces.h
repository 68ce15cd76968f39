// PTX's state spaces, and the way from an address in one of them to checked memory.
#pragma once

#include <type_traits>

#include "plugrad/tests/cuda_emulation/kernel_memory.h"
#include "plugrad/tests/cuda_emulation/ptx/decoder.h"

namespace plugrad::cuda_emulation::ptx {

enum class Space : uint8_t { Generic, Global, Shared, Local, Param, Const };

Space take_space(Statement& s);
void take_cache_hints(Statement& s);
// Volatile and the memory model's strong accesses, which do not race with each other. (PTX ISA: "ld.volatile
// has the same memory synchronization semantics as ld.relaxed.sys".)
bool take_strong(Statement& s);

template <Space space>
unsigned char* resolve(DeviceThread& t, uint64_t address, uint32_t bytes, AccessKind kind) {
  if constexpr (space == Space::Generic) return generic_memory(t, address, bytes, kind);
  else if constexpr (space == Space::Shared)
    return shared_memory(t, static_cast<uint32_t>(address), bytes, kind);
  else if constexpr (space == Space::Local) return local_memory(t, address, bytes, kind);
  else if constexpr (space == Space::Param) return parameter_memory(t, address, bytes, kind);
  else return global_memory(t, address, bytes, kind);
}

template <class F>
Handler with_space(Space space, F f) {
  switch (space) {
    case Space::Generic:
      return f(std::integral_constant<Space, Space::Generic>{});
    case Space::Shared:
      return f(std::integral_constant<Space, Space::Shared>{});
    case Space::Local:
      return f(std::integral_constant<Space, Space::Local>{});
    case Space::Param:
      return f(std::integral_constant<Space, Space::Param>{});
    default:
      return f(std::integral_constant<Space, Space::Global>{});
  }
}

}  // namespace plugrad::cuda_emulation::ptx
