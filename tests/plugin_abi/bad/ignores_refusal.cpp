// Hands over the same kernel twice and says that all is well.
#include "plugrad/tests/plugin_abi/by_hand.h"

MANIFEST_OF("ignores_refusal", OWN_ABI)

static int32_t relu(const plugrad_call*) { return PLUGRAD_OK; }

INIT(const plugrad_host* host) {
  host->add_kernel(host->self, "relu", relu, relu);
  host->add_kernel(host->self, "relu", relu, relu);
  return PLUGRAD_OK;
}
