// Streams and events.
#include <cuda_runtime_api.h>

#include <chrono>

#include "plugrad/tests/cuda_emulation/counters.h"
#include "plugrad/tests/cuda_emulation/device.h"
#include "plugrad/tests/cuda_emulation/errors.h"
#include "plugrad/tests/cuda_emulation/export.h"
#include "plugrad/tests/cuda_emulation/settings.h"
#include "plugrad/tests/cuda_emulation/stream_state.h"

using namespace plugrad::cuda_emulation;

namespace {

template <class F>
cudaError_t with_stream(const char* call, cudaStream_t handle, F f) {
  return api(call, [&] {
    Stream* stream = find_stream(handle, call);
    return stream ? f(*stream) : cudaErrorInvalidResourceHandle;
  });
}

template <class F>
cudaError_t with_event(const char* call, cudaEvent_t handle, F f) {
  return api(call, [&] {
    Event* event = find_event(handle, call);
    return event ? f(*event) : cudaErrorInvalidResourceHandle;
  });
}

cudaError_t create(const char* call, cudaStream_t* stream, unsigned flags, int priority) {
  return api(call, [&] {
    if (!stream || (flags & ~unsigned{cudaStreamNonBlocking})) return cudaErrorInvalidValue;
    *stream = create_stream(flags, priority, current_device());
    return cudaSuccess;
  });
}

cudaError_t record_on(const char* call, cudaEvent_t handle, cudaStream_t stream_handle) {
  return with_event(call, handle, [&](Event& event) {
    Stream* stream = find_stream(stream_handle, call);
    if (!stream) return cudaErrorInvalidResourceHandle;
    count(Counter::Events);
    record(event, *stream);
    return cudaSuccess;
  });
}

}  // namespace

extern "C" {

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaStreamCreate(cudaStream_t* stream) {
  return create("cudaStreamCreate", stream, cudaStreamDefault, 0);
}

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
  return create("cudaStreamCreateWithFlags", stream, flags, 0);
}

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaStreamCreateWithPriority(cudaStream_t* stream, unsigned flags,
                                                                    int priority) {
  return create("cudaStreamCreateWithPriority", stream, flags, priority);
}

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaDeviceGetStreamPriorityRange(int* least, int* greatest) {
  return api("cudaDeviceGetStreamPriorityRange", [&] {
    if (least) *least = 0;
    if (greatest) *greatest = -1;
    return cudaSuccess;
  });
}

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaStreamDestroy(cudaStream_t handle) {
  return api("cudaStreamDestroy", [&] {
    if (!handle || handle == cudaStreamLegacy || handle == cudaStreamPerThread)
      return cudaErrorInvalidResourceHandle;
    Stream* stream = find_stream(handle, "cudaStreamDestroy");
    if (!stream) return cudaErrorInvalidResourceHandle;
    destroy_stream(stream);
    return cudaSuccess;
  });
}

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaStreamSynchronize(cudaStream_t handle) {
  return with_stream("cudaStreamSynchronize", handle, [](Stream& stream) {
    count(Counter::Synchronisations);
    drain(stream);
    return sticky_error();
  });
}

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaStreamQuery(cudaStream_t handle) {
  return with_stream("cudaStreamQuery", handle, [](Stream& stream) {
    if (!is_done(stream)) {
      progress(stream);
      return cudaErrorNotReady;
    }
    host_joins(stream.clock);
    return sticky_error();
  });
}

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaStreamWaitEvent(cudaStream_t handle, cudaEvent_t event_handle,
                                                           unsigned) {
  return with_stream("cudaStreamWaitEvent", handle, [&](Stream& stream) {
    Event* event = find_event(event_handle, "cudaStreamWaitEvent");
    if (!event) return cudaErrorInvalidResourceHandle;
    wait(stream, *event);
    return cudaSuccess;
  });
}

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaLaunchHostFunc(cudaStream_t handle, cudaHostFn_t function,
                                                          void* data) {
  return with_stream("cudaLaunchHostFunc", handle, [&](Stream& stream) {
    enqueue_on(
        stream, [function, data] { function(data); }, "cudaLaunchHostFunc");
    return cudaSuccess;
  });
}

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaStreamIsCapturing(cudaStream_t handle,
                                                             cudaStreamCaptureStatus* status) {
  return with_stream("cudaStreamIsCapturing", handle,
                     [&](Stream&) { return *status = cudaStreamCaptureStatusNone, cudaSuccess; });
}

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaStreamBeginCapture(cudaStream_t handle, cudaStreamCaptureMode) {
  return with_stream("cudaStreamBeginCapture", handle, [](Stream&) { return cudaErrorNotSupported; });
}

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaStreamGetFlags(cudaStream_t handle, unsigned* flags) {
  return with_stream("cudaStreamGetFlags", handle,
                     [&](Stream& stream) { return *flags = stream.flags, cudaSuccess; });
}

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaStreamGetPriority(cudaStream_t handle, int* priority) {
  return with_stream("cudaStreamGetPriority", handle,
                     [&](Stream& stream) { return *priority = stream.priority, cudaSuccess; });
}

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaStreamGetDevice(cudaStream_t handle, int* device) {
  return with_stream("cudaStreamGetDevice", handle,
                     [&](Stream& stream) { return *device = stream.device, cudaSuccess; });
}

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaStreamGetId(cudaStream_t handle, unsigned long long* id) {
  return with_stream("cudaStreamGetId", handle,
                     [&](Stream& stream) { return *id = stream.index + 1, cudaSuccess; });
}

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags) {
  return api("cudaEventCreateWithFlags", [&] {
    if (!event) return cudaErrorInvalidValue;
    *event = create_event(flags);
    return cudaSuccess;
  });
}

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaEventCreate(cudaEvent_t* event) {
  return cudaEventCreateWithFlags(event, cudaEventDefault);
}

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaEventDestroy(cudaEvent_t handle) {
  return with_event("cudaEventDestroy", handle, [](Event& event) {
    event.live = false;
    return cudaSuccess;
  });
}

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  return record_on("cudaEventRecord", event, stream);
}

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaEventRecordWithFlags(cudaEvent_t event, cudaStream_t stream,
                                                                unsigned) {
  return record_on("cudaEventRecordWithFlags", event, stream);
}

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaEventSynchronize(cudaEvent_t handle) {
  return with_event("cudaEventSynchronize", handle, [](Event& event) {
    count(Counter::Synchronisations);
    drain(event);
    return sticky_error();
  });
}

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaEventQuery(cudaEvent_t handle) {
  return with_event("cudaEventQuery", handle, [](Event& event) {
    if (!is_done(event)) {
      progress(*event.stream);
      return cudaErrorNotReady;
    }
    host_joins(event.clock);
    return sticky_error();
  });
}

PLUGRAD_CUDA_EMULATION_API cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start,
                                                            cudaEvent_t end) {
  return with_event("cudaEventElapsedTime", start, [&](Event& first) {
    Event* last = find_event(end, "cudaEventElapsedTime");
    if (!last || !first.timed || !last->timed || !first.recorded || !last->recorded)
      return cudaErrorInvalidResourceHandle;
    if (!is_done(first) || !is_done(*last)) return cudaErrorNotReady;
    *milliseconds = std::chrono::duration<float, std::milli>(*last->reached - *first.reached).count();
    return cudaSuccess;
  });
}

}  // extern "C"
