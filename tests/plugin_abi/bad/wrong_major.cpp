// Built for an ABI of another major version.
#include "plugrad/tests/plugin_abi/by_hand.h"

MANIFEST_OF("wrong_major", ABI(9, 0))
INIT(const plugrad_host*) { return PLUGRAD_OK; }
