// Page-locked host memory, and the copies between it and the device that the host has not waited for yet.
#pragma once

#include <cstddef>
#include <cstdint>

#include "plugrad/tests/cuda_emulation/stream_state.h"

namespace plugrad::cuda_emulation {

void add_pinned(void* p, size_t bytes);
// False when p is not the start of such memory. Reports a copy that still uses it.
bool remove_pinned(void* p);
bool is_pinned(const void* p, size_t bytes);

// The bytes must stay as they are until the host has waited for the copy.
void note_pinned_source(const void* p, size_t bytes, Enqueued copy);
void note_pinned_destination(void* p, size_t bytes, Enqueued copy);
uint64_t checksum(const void* p, size_t bytes);
void report_reuse(const void* p);

// Compares the sources of the copies that the host has waited for by now, and forgets them.
void verify_pinned_sources();

}  // namespace plugrad::cuda_emulation
