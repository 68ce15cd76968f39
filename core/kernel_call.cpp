#include "plugrad/core/kernel_call.h"

#include <fmt/format.h>

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

void after_failure(ThreadState& t, const Row& op, Device device, plugrad_kernel kernel,
                   const plugrad_call& call, int32_t status) {
  if (status == PLUGRAD_OUT_OF_MEMORY) {
    release_host_cache();
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
