#include "plugrad/core/kernel_call.h"

#include <fmt/format.h>

#include <cstddef>

#include "plugrad/core/array.h"

namespace plugrad::detail {

void throw_status(int32_t status, std::string_view what, const char* message) {
  const std::string text = fmt::format("{}: {}", what, *message ? message : "failed without a message");
  switch (status) {
    case PLUGRAD_BAD_SHAPE:
      throw ShapeError(text);
    case PLUGRAD_BAD_DTYPE:
      throw DTypeError(text);
    case PLUGRAD_DEVICE_FAILED:
    case PLUGRAD_OUT_OF_MEMORY:
      throw DeviceError(text);
    default:
      throw Error(text);
  }
}

void release_workspace(ThreadState& t) {
  while (Storage* s = t.workspace) {
    t.workspace = s->next;
    release(s);
  }
}

namespace {
// Tensors that kernels are given are the views of arrays' bodies.
Storage& storage_of(const DLTensor& view) {
  const char* body = reinterpret_cast<const char*>(&view) - offsetof(Body, view);
  return *reinterpret_cast<const Body*>(body)->storage;
}
}  // namespace

void enter_device(ThreadState& t, Device device, const plugrad_call& call) {
  void* const stream = stream_of(device);
  const auto order = [stream](const DLTensor* const* tensors, int n) {
    for (int i = 0; tensors && i < n; ++i)
      if (tensors[i]) order_streams(storage_of(*tensors[i]), stream);
  };
  order(call.in, call.n_in);
  order(call.out, call.n_out);
  order(call.dout, call.n_out);
  order(call.din, call.n_in);
  t.context.stream = stream;
}

void after_failure(ThreadState& t, const Row& op, Device device, plugrad_kernel kernel,
                   const plugrad_call& call, int32_t status) {
  if (status == PLUGRAD_OUT_OF_MEMORY) {
    release_cached_memory(device);
    t.message[0] = 0;
    status = kernel(&call);
    if (t.workspace) release_workspace(t);
    if (status == PLUGRAD_OK) return;
  }
  const std::string message = t.message;
  t.message[0] = 0;
  throw_status(status, fmt::format("{} on {}", op.schema->name, to_string(device)), message.c_str());
}

}  // namespace plugrad::detail
