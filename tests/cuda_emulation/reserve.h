// Address space that costs memory only where it is touched.
#pragma once

#include <cstdint>

namespace plugrad::cuda_emulation {

// Zeros. Throws std::bad_alloc when the system refuses.
void* reserve(uint64_t bytes);
// Gives back the whole pages between the addresses; they read as zeros again.
void discard(void* begin, void* end);

}  // namespace plugrad::cuda_emulation
