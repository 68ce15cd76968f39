// Its init function lets an exception of the plugin's own type escape.
#include <stdexcept>

#include "plugrad/tests/plugin_abi/by_hand.h"

MANIFEST_OF("init_throws", OWN_ABI)

namespace {
struct OwnError : std::runtime_error {
  using std::runtime_error::runtime_error;
  const char* what() const noexcept override { return "no graphics card in this machine"; }
};
int32_t relu(const plugrad_call*) { return PLUGRAD_OK; }
}  // namespace

INIT(const plugrad_host* host) {
  host->add_kernel(host->self, "relu", relu, relu);
  throw OwnError("");
}
