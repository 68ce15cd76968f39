// Built for an older minor version, which major 0 does not serve.
#include "plugrad/tests/plugin_abi/by_hand.h"

MANIFEST_OF("wrong_minor", ABI(0, 0))
INIT(const plugrad_host*) { return PLUGRAD_OK; }
