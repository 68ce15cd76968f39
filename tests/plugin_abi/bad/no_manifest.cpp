// Has an init function and no manifest. Were it run, the process would end.
#include <cstdlib>

#include "plugrad/tests/plugin_abi/by_hand.h"

INIT(const plugrad_host*) { std::abort(); }
