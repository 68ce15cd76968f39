// Catches the host touching device memory, which would be a segmentation fault on a machine with a GPU.
#pragma once

#include <cstdint>

namespace plugrad::cuda_emulation {

// Names an access by the host to these addresses on stderr and ends the process with status 97. Other faults
// go to the handler that was there.
void guard_against_host(uint64_t base, uint64_t size);

}  // namespace plugrad::cuda_emulation
