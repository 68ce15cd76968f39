// A device's memory without the functions that make it one.
#include "plugrad/tests/plugin_abi/by_hand.h"

MANIFEST_OF("memory_with_gaps", OWN_ABI)

INIT(const plugrad_host* host) {
  plugrad_memory memory{};
  memory.size = sizeof memory;
  memory.device_type = kDLCUDA;
  return host->set_memory(host->self, &memory);
}
