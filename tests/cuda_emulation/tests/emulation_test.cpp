// The fixture.
#include "plugrad/tests/cuda_emulation/tests/emulation_test.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <random>

#include "plugrad/tests/cuda_emulation/control.h"

std::vector<std::string> take_reports() {
  std::vector<std::string> reports;
  char text[4096];
  while (cuda_emulation_take_report(text, sizeof text) > 0) reports.emplace_back(text);
  return reports;
}

std::string planted_line(const std::string& name) {
  std::ifstream file(PLUGRAD_PLANTED_SOURCE);
  std::string line;
  for (int number = 1; std::getline(file, line); ++number)
    if (line.ends_with("// BUG " + name)) return "kernels_planted.cu:" + std::to_string(number);
  ADD_FAILURE() << "no line of " << PLUGRAD_PLANTED_SOURCE << " ends in // BUG " << name;
  return {};
}

std::vector<float> random_numbers(size_t n, float low, float high) {
  static std::mt19937 generator(1);
  std::vector<float> values(n);
  std::uniform_real_distribution<float> distribution(low, high);
  std::generate(values.begin(), values.end(), [&] { return distribution(generator); });
  return values;
}

void EmulationTest::SetUp() { EXPECT_EQ(take_reports(), std::vector<std::string>{}); }

void EmulationTest::TearDown() {
  cudaDeviceSynchronize();
  EXPECT_EQ(take_reports(), std::vector<std::string>{});
  cuda_emulation_clear_error();
  cudaGetLastError();
}

void EmulationTest::expect_report(const std::string& kind, const std::string& text) {
  const std::vector<std::string> reports = take_reports();
  const bool found = std::any_of(reports.begin(), reports.end(), [&](const std::string& report) {
    return report.starts_with(kind + ": ") && report.find(text) != std::string::npos;
  });
  std::string all;
  for (const std::string& report : reports) all += "\n  " + report;
  EXPECT_TRUE(found) << "no report '" << kind << "' with '" << text << "' among" << all;
}

void EmulationTest::configure(const char* order, bool lazy) { cuda_emulation_configure(order, 7, lazy); }

// What the environment says.
void EmulationTest::restore() {
  const char* order = std::getenv("CUDA_EMULATION_ORDER");
  const char* streams = std::getenv("CUDA_EMULATION_STREAMS");
  cuda_emulation_configure(order ? order : "forward", 0, streams && std::string(streams) == "lazy");
}
