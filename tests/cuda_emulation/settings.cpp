// Reads the CUDA_EMULATION_* variables; a value that cannot be read is reported, and the default holds.
#include "plugrad/tests/cuda_emulation/settings.h"

#include <cmath>
#include <cstdlib>
#include <string>

#include "plugrad/tests/cuda_emulation/reports.h"

namespace plugrad::cuda_emulation {
namespace {

const char* variable(const char* name) {
  const char* value = std::getenv(name);
  return value && *value ? value : nullptr;
}

uint64_t number(const char* name, uint64_t fallback) {
  const char* text = variable(name);
  if (!text) return fallback;
  char* end = nullptr;
  const uint64_t value = std::strtoull(text, &end, 0);
  if (*end == '\0') return value;
  report("bad-setting", "{}={} is no number", name, text);
  return fallback;
}

int capability() {
  const char* text = variable("CUDA_EMULATION_CAPABILITY");
  if (!text) return 75;
  char* end = nullptr;
  const double value = std::strtod(text, &end);
  if (*end == '\0' && value >= 1 && value < 100) return static_cast<int>(std::lround(value * 10));
  report("bad-setting", "CUDA_EMULATION_CAPABILITY={} is no compute capability such as 7.5", text);
  return 75;
}

bool lazy() {
  const char* text = variable("CUDA_EMULATION_STREAMS");
  const std::string_view value = text ? text : "eager";
  if (value != "eager" && value != "lazy")
    report("bad-setting", "CUDA_EMULATION_STREAMS={}: eager or lazy", value);
  return value == "lazy";
}

Settings* read_settings() {
  auto* s = new Settings{};
  if (const char* order = variable("CUDA_EMULATION_ORDER")) s->set_order(order);
  s->lazy = lazy();
  s->random.seed(number("CUDA_EMULATION_SEED", 0));
  s->capability = capability();
  s->memory = number("CUDA_EMULATION_MEMORY", uint64_t{1} << 30);
  s->devices = static_cast<int>(number("CUDA_EMULATION_DEVICES", 1));
  s->driver = static_cast<int>(number("CUDA_EMULATION_DRIVER", kRuntimeVersion));
  s->instructions = number("CUDA_EMULATION_INSTRUCTIONS", uint64_t{2} << 30);
  return s;
}

}  // namespace

void Settings::set_order(std::string_view name) {
  if (name == "forward") order = Order::Forward;
  else if (name == "reverse") order = Order::Reverse;
  else if (name == "random") order = Order::Random;
  else report("bad-setting", "order {}: forward, reverse or random", name);
}

Settings& settings() {
  static Settings* const instance = read_settings();  // never destroyed: kernels may still run at exit
  return *instance;
}

}  // namespace plugrad::cuda_emulation
