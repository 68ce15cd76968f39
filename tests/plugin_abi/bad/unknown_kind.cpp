// A plugin of a kind that does not exist.
#include "plugrad/tests/plugin_abi/by_hand.h"

MANIFEST("{\"plugrad\": \"toaster\", \"name\": \"unknown_kind\", \"version\": \"1\", " OWN_ABI "}")
INIT(const plugrad_host*) { return PLUGRAD_OK; }
