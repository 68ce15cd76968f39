// Needs a function that no library has.
#include "plugrad/tests/plugin_abi/by_hand.h"

MANIFEST_OF("undefined_symbol", OWN_ABI)

extern "C" int32_t nobody_has_this_function();
INIT(const plugrad_host*) { return nobody_has_this_function(); }
