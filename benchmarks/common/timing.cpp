#include "plugrad/benchmarks/common/timing.h"

#include <benchmark/benchmark.h>
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <filesystem>

#include "plugrad/benchmarks/common/table.h"
#include "plugrad/core/backend.h"
#include "plugrad/examples/common/run_example.h"
#include "plugrad/nn/checkpoint/replace_file.h"

namespace plugrad::benchmarks {

namespace {

struct Settings {
  std::string backend = "cpu", golden, commit = "unknown commit", data;
  std::filesystem::path json, markdown;  // files to write; empty: none
  std::vector<std::string> rows;
  int threads = 1, repeats = 5;
};

Settings parse(int argc, char** argv, const TimedProgram& program) {
  Settings s;
  CLI::App app(program.description + " Options that begin with --benchmark_ are Google Benchmark's.");
  app.option_defaults()->always_capture_default();
  if (program.by_ops) {
    app.add_option("--backend", s.backend, "Backend or device to train on");
    app.add_option("--threads", s.threads, "Threads that one op may use")->check(CLI::PositiveNumber);
  }
  app.add_option("--repeats", s.repeats, "Runs that count, after the warm-up")->check(CLI::Range(1, 1000));
  app.add_option("--rows", s.rows, "Rows to run; none named: all")->delimiter(',');
  app.add_option("--data", s.data, "Folder of the data sets; not given: searched for");
  app.add_option("--golden", s.golden,
                 "Folder of .npy files with initial values; not given: drawn from seed 1");
  app.add_option("--json", s.json, "Write the figures to this file")->type_name("FILE");
  app.add_option("--markdown", s.markdown, "Write the table to this file")->type_name("FILE");
  app.add_option("--commit", s.commit, "What was built, for the table");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    std::exit(app.exit(e));
  }
  return s;
}

double timed(const std::function<void()>& work, Device device) {
  const auto start = std::chrono::steady_clock::now();
  work();
  synchronize(device);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void measure(benchmark::State& state, const Workload& w, Measurement& m, Device device) {
  if (m.warm_up == 0) {
    w.reset();
    m.warm_up = timed(w.train, device);
  }
  for (auto _ : state) {
    w.reset();
    const double seconds = timed(w.train, device);
    state.SetIterationTime(seconds);
    m.seconds.push_back(seconds);
  }
  m.loss = w.loss();
  state.counters["loss"] = m.loss;
  state.counters["us_per_update"] = 1e6 * m.seconds.back() / w.updates;
}

void write(const std::filesystem::path& path, const std::string& text) {
  files::FileReplacement file(path);
  file.write(std::string_view(text));
  file.commit();
}

void run(int argc, char** argv, const TimedProgram& program) {
  const Settings s = parse(argc, argv, program);
  for (const auto& old : {s.json, s.markdown})
    if (!old.empty()) std::filesystem::remove(old);  // so that no old table is taken for a new one
  set_default_device(s.backend);
  set_num_threads(s.threads);
  const Device device = default_device();
  const std::vector<Workload> workloads = program.workloads(s.rows, {.data = s.data, .golden = s.golden});
  std::vector<Measurement> measurements(workloads.size());
  for (size_t i = 0; i < workloads.size(); ++i) {
    measurements[i].workload = &workloads[i];
    benchmark::RegisterBenchmark(workloads[i].name.c_str(), measure, workloads[i], std::ref(measurements[i]),
                                 device)
        ->UseManualTime()
        ->Iterations(1)
        ->Repetitions(s.repeats)
        ->ReportAggregatesOnly(false)
        ->ComputeStatistics(
            "min", [](const std::vector<double>& v) { return *std::min_element(v.begin(), v.end()); })
        ->Unit(benchmark::kMillisecond);
  }
  benchmark::RunSpecifiedBenchmarks();
  std::erase_if(measurements, [](const Measurement& m) { return m.seconds.empty(); });
  const Circumstances c{fmt::format("{:%Y-%m-%d %H:%M} UTC", fmt::gmtime(std::time(nullptr))),
                        s.commit,
                        processor_name(),
                        program.by_ops ? to_string(device) : "none",
                        s.threads,
                        program.column};
  const std::string table = to_markdown(measurements, c);
  fmt::print("\n{}", table);
  if (!s.json.empty()) write(s.json, to_json(measurements, c));
  if (!s.markdown.empty()) write(s.markdown, table);
}

}  // namespace

int time_workloads(int argc, char** argv, const TimedProgram& program) {
  benchmark::Initialize(&argc, argv);
  return examples::run_example(argc, argv, [&](int n, char** words) { run(n, words, program); });
}

}  // namespace plugrad::benchmarks
