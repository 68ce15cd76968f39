// The test bed's own C functions. A test links them, or finds them with dlsym(RTLD_DEFAULT, ...).
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "plugrad/tests/cuda_emulation/export.h"

#ifdef __cplusplus
extern "C" {
#endif

// Takes the oldest report: copies at most `size` bytes of it, ended by a zero, and returns its length; 0 when
// there is none. Reports that nobody took make the process exit with status 97.
PLUGRAD_CUDA_EMULATION_API size_t cuda_emulation_take_report(char* text, size_t size);

// "launches", "instructions", "library_calls", "synchronisations", "allocations", "frees", "copies",
// "events".
PLUGRAD_CUDA_EMULATION_API uint64_t cuda_emulation_counter(const char* name);

// `order` is "forward", "reverse" or "random"; null leaves it as it is. Work already enqueued runs first.
PLUGRAD_CUDA_EMULATION_API void cuda_emulation_configure(const char* order, uint64_t seed, int lazy);

// The nth call of `call` from now (1: the next) returns `status` and does nothing.
PLUGRAD_CUDA_EMULATION_API void cuda_emulation_fail(const char* call, int nth, int status);

// What a caching allocator hands out, and takes back: in the order of the stream whose work the block is for,
// so that work enqueued before still finds it as it was.
PLUGRAD_CUDA_EMULATION_API void cuda_emulation_sub_allocate(void* p, size_t bytes, void* stream);
PLUGRAD_CUDA_EMULATION_API void cuda_emulation_sub_free(void* p, size_t bytes, void* stream);

// Forgets a sticky error, which only cudaDeviceReset could clear, and keeps every allocation.
PLUGRAD_CUDA_EMULATION_API void cuda_emulation_clear_error(void);

#ifdef __cplusplus
}
#endif
