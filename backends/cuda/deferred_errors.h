// Errors that only a kernel finds, such as an index out of range: nobody waits for it to say so. It leaves
// word in device memory, and the host reads that when it next waits for the stream anyway: when values are
// copied to it, or in synchronize().
#pragma once

#include <cstdint>

#include "plugrad/backends/cuda/streams.h"

namespace plugrad::cuda {

// What an index selects; for the message.
enum class Things : int32_t { Rows, Classes, Elements };

// What else may be wrong: with weights of multinomial, in the row of that index; `length` are not 0.
enum class Flaw : int32_t { OutOfRange, BadWeight, NoSum, FewWeights };

// The first error of a stream since the last time the host looked.
struct IndexError {
  int32_t found;
  Things things;
  int64_t index, length;
  Flaw flaw;
};

// Where kernels of this call are to report to.
IndexError* index_errors(const plugin::Call& c);

// Throws Failure (PLUGRAD_BAD_SHAPE) where a kernel of the stream has reported. To be called when the stream
// is done with its work; waits for a copy of its own if such kernels were enqueued.
void throw_deferred_errors(int ordinal, Stream& stream);

#ifdef __CUDACC__
// Is `index` one of `length` things? If not, the error is noted.
__device__ inline bool check_index(int64_t index, int64_t length, Things things, IndexError* error) {
  if (index >= 0 && index < length) return true;
  if (atomicCAS(&error->found, 0, 1) == 0) {
    error->things = things;
    error->index = index;
    error->length = length;
  }
  return false;
}
__device__ inline void note(Flaw flaw, int64_t index, int64_t length, IndexError* error) {
  if (atomicCAS(&error->found, 0, 1) != 0) return;
  error->flaw = flaw;
  error->index = index;
  error->length = length;
}
#endif

// The indices that are right: of one of `length` things; negative ones count from the end where they may.
struct IndexRange {
  int64_t length;
  bool from_end = false;
  IndexError* errors = nullptr;  // null: nobody is told

#ifdef __CUDACC__
  // Is `index` right? Then it counts from the start.
  __device__ bool resolve(int64_t& index) const {
    const int64_t from_start = from_end && index < 0 ? index + length : index;
    if (from_start < 0 || from_start >= length) {
      if (errors) check_index(index, length, Things::Elements, errors);
      return false;
    }
    index = from_start;
    return true;
  }
#endif
};

}  // namespace plugrad::cuda
