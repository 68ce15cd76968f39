// Has a manifest and no init function.
#include "plugrad/tests/plugin_abi/by_hand.h"

MANIFEST_OF("no_init", OWN_ABI)
