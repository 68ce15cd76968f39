// A program that uses the library of layers and data on top of the core.
#include <cstdio>
#include <filesystem>

#include "plugrad/nn/checkpoint/safetensors.h"

using plugrad::Array;

int main() {
  const auto file = std::filesystem::temp_directory_path() / "plugrad_install_test.safetensors";
  plugrad::save_safetensors(file, {{"x", Array::from_data<float>({1, 2})}});
  const Array x = plugrad::load_safetensors(file).arrays.at("x");
  std::filesystem::remove(file);
  const bool right = x.to_vector<float>() == std::vector<float>{1, 2};
  if (!right) std::puts("uses_nn: what was loaded is not what was saved");
  return right ? 0 : 1;
}
