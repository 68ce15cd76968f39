// Its init function returns a failure, after it has added a kernel.
#include "plugrad/tests/plugin_abi/by_hand.h"

MANIFEST_OF("init_fails", OWN_ABI)

static int32_t relu(const plugrad_call*) { return PLUGRAD_OK; }

INIT(const plugrad_host* host) {
  if (const int32_t status = host->add_kernel(host->self, "relu", relu, relu)) return status;
  host->fail("the driver is too old: version 3, at least 4 is needed");
  return PLUGRAD_DEVICE_FAILED;
}
