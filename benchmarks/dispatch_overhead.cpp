// What the framework itself costs per op, on a backend whose kernels do nothing: time, and instructions as
// valgrind counts them; not recording, recording, and walking back.
//
// A chain of 100 ops is run, so the figures of recording hold a hundredth of opening and closing a tape.
// Instructions come from this program run again under `valgrind --tool=callgrind`; without valgrind they are
// left out.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

#include "plugrad/benchmarks/common/null_backend.h"
#include "plugrad/core/backend.h"
#include "plugrad/examples/common/run_example.h"
#include "plugrad/ops/ops.h"

namespace plugrad::benchmarks {

constexpr int chain = 100;

struct Operands {
  Array x = full({1}, 1), y = full({1}, 2);
};

using Binary = Array (*)(const Array&, const Array&);

void not_recording(const Operands& o, Binary op) {
  Array z = o.x;
  for (int i = 0; i < chain; ++i) z = op(z, o.y);
}
void recording(const Operands& o, Binary op) {
  Recording r;
  Array z = r.leaf(o.x);
  for (int i = 0; i < chain; ++i) z = op(z, o.y);
}
void recording_and_backward(const Operands& o, Binary op) {
  Recording r;
  Array z = r.leaf(o.x);
  for (int i = 0; i < chain; ++i) z = op(z, o.y);
  r.backward(z);
  benchmark::DoNotOptimize(r.next_gradient());
}

struct Case {
  const char* name;
  void (*run)(const Operands&, Binary);
  Binary op;
};
constexpr std::array<Case, 6> cases = {{
    {"add", not_recording, add},
    {"add, recording", recording, add},
    {"add, recording and backward (pass-through)", recording_and_backward, add},
    {"mul", not_recording, mul},
    {"mul, recording (saves one input)", recording, mul},
    {"mul, recording and backward (gradient kernel)", recording_and_backward, mul},
}};

void measure(benchmark::State& state, const Case& c) {
  const Operands o;
  c.run(o, c.op);
  for (auto _ : state) c.run(o, c.op);
  state.counters["per_op"] =
      benchmark::Counter(chain, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

// Instructions of `times` runs of case `index`, counted in a process of its own; negative: valgrind is not
// here.
double instructions(const std::string& program, size_t index, int times) {
  const std::string command =
      fmt::format("valgrind --tool=callgrind --callgrind-out-file=/dev/null '{}' --count {} {} 2>&1", program,
                  index, times);
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  double count = -1;
  std::array<char, 512> line{};
  while (pipe && std::fgets(line.data(), line.size(), pipe.get()))
    if (const char* at = std::strstr(line.data(), "Collected : ")) count = std::strtod(at + 12, nullptr);
  return count;
}

void print_instructions(const std::string& program) {
  fmt::print("\ninstructions per op\n");
  for (size_t i = 0; i < cases.size(); ++i) {
    const double few = instructions(program, i, 10), many = instructions(program, i, 110);
    if (few < 0 || many < 0) {
      fmt::print("  not counted: valgrind is not installed\n");
      return;
    }
    fmt::print("  {:<48}{:>8.0f}\n", cases[i].name, (many - few) / (100 * chain));
  }
}

void run(int argc, char** argv) {
  setenv("PLUGRAD_ALLOW_INCOMPLETE", "1", 1);  // it has kernels for these ops only
  link_backend(plugrad_null_plugin);
  set_default_device("null");
  if (argc == 4 && std::strcmp(argv[1], "--count") == 0) {
    const Case& c = cases.at(static_cast<size_t>(std::atoi(argv[2])));
    const Operands o;
    for (int i = 0; i < std::atoi(argv[3]); ++i) c.run(o, c.op);
    return;
  }
  for (const Case& c : cases)
    benchmark::RegisterBenchmark(c.name, measure, std::cref(c))
        ->Repetitions(9)
        ->ReportAggregatesOnly(true)
        ->ComputeStatistics(
            "min", [](const std::vector<double>& v) { return *std::min_element(v.begin(), v.end()); });
  benchmark::RunSpecifiedBenchmarks();
  print_instructions(argv[0]);
}

}  // namespace plugrad::benchmarks

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  return plugrad::examples::run_example(argc, argv, plugrad::benchmarks::run);
}
