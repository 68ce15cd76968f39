// Streams and events: queues of work that run at once (eager) or only when something waits for them (lazy).
#pragma once

#include <cuda_runtime_api.h>

#include <functional>
#include <string>

#include "plugrad/tests/cuda_emulation/export.h"

namespace plugrad::cuda_emulation {

// Work for the device, in the order of the stream (null: the legacy default stream). `name` is what reports
// call it, such as "cublasSgemm". Fails for a stream that is destroyed, and after a sticky error. The work
// must not throw, and must copy what it needs of the caller's memory before it is enqueued, as the library
// does.
PLUGRAD_CUDA_EMULATION_API cudaError_t enqueue(cudaStream_t stream, std::function<void()> work,
                                               std::string name = {});

// Runs what is enqueued on the stream, as cudaStreamSynchronize does.
PLUGRAD_CUDA_EMULATION_API cudaError_t synchronize(cudaStream_t stream);

// Whether work of this stream may be enqueued: it exists and is not destroyed.
PLUGRAD_CUDA_EMULATION_API bool is_live(cudaStream_t stream);

}  // namespace plugrad::cuda_emulation
