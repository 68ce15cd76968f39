// What the examples share: options, progress bar, figures, learning curves, exit codes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/property_tree/xml_parser.hpp>
#include <cmath>
#include <limits>
#include <sstream>

#include "plugrad/core/error.h"
#include "plugrad/examples/common/curve.h"
#include "plugrad/examples/common/options.h"
#include "plugrad/examples/common/progress.h"
#include "plugrad/examples/common/run_example.h"
#include "plugrad/examples/common/training_log.h"
#include "plugrad/ops/generator.h"
#include "plugrad/tests/support/temp_files.h"

namespace plugrad::examples {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using tests::message_of;
using tests::read_bytes;
using tests::TempFolder;

// ---- options ----

struct Parsed {
  Options options;
  std::optional<int> exit_code;
  std::string out, err;
};

Parsed parse(std::vector<const char*> words, const Options& defaults = {}) {
  words.insert(words.begin(), "example");
  Parsed parsed{.options = defaults, .exit_code = {}, .out = {}, .err = {}};
  std::ostringstream out, err;
  parsed.exit_code =
      parse_options(static_cast<int>(words.size()), words.data(), "An example", parsed.options, out, err);
  parsed.out = out.str();
  parsed.err = err.str();
  return parsed;
}

TEST(Options, KeepDefaultsAndTakeWhatIsSaid) {
  const Parsed plain = parse({}, {.epochs = 3, .lr = 0.5});
  EXPECT_FALSE(plain.exit_code);
  EXPECT_EQ(plain.options.epochs, 3);
  EXPECT_EQ(plain.options.lr, 0.5);
  const Parsed all =
      parse({"--seed",   "7",        "--epochs=2", "--batchsize", "50",  "--lr",      "0.25",
             "--hidden", "64",       "32",         "--winit",     "0.2", "--backend", "cuda:1",
             "--fast",   "--gcheck", "5",          "--data",      "/d",  "--plot",    "c.svg"});
  EXPECT_FALSE(all.exit_code);
  EXPECT_EQ(all.options.seed, 7u);
  EXPECT_EQ(all.options.batchsize, 50);
  EXPECT_THAT(all.options.hidden, ElementsAre(64, 32));
  EXPECT_EQ(all.options.backend, "cuda:1");
  EXPECT_TRUE(all.options.fast);
  EXPECT_EQ(all.options.gcheck, 5);
  EXPECT_EQ(all.options.data, "/d");
  EXPECT_EQ(all.options.plot, "c.svg");
  EXPECT_THAT(parse({"--hidden", "64,32"}).options.hidden, ElementsAre(64, 32));
}

TEST(Options, OfSequencesAreThereOnRequest) {
  const Parsed with =
      parse({"--seqlength", "50", "--gclip", "1.5", "--generate", "80", "--best", "b.safetensors"},
            {.sequence = SequenceOptions{.embed = 128}});
  EXPECT_FALSE(with.exit_code);
  EXPECT_EQ(with.options.sequence->embed, 128);
  EXPECT_EQ(with.options.sequence->seqlength, 50);
  EXPECT_EQ(with.options.sequence->gclip, 1.5);
  EXPECT_EQ(with.options.sequence->generate, 80);
  EXPECT_EQ(with.options.sequence->best, "b.safetensors");
  EXPECT_NE(parse({"--seqlength", "50"}).exit_code.value_or(0), 0);
}

TEST(Options, MistakesEndTheProgram) {
  for (const std::vector<const char*>& words : std::vector<std::vector<const char*>>{{"--epoch", "1"},
                                                                                     {"--epochs", "-1"},
                                                                                     {"--epochs", "x"},
                                                                                     {"--epochs"},
                                                                                     {"--batchsize", "0"},
                                                                                     {"--lr", "0"},
                                                                                     {"--hidden", "0"},
                                                                                     {"--seed", "-1"},
                                                                                     {"stray"}}) {
    const Parsed parsed = parse(words);
    EXPECT_NE(parsed.exit_code.value_or(0), 0) << words[0];
    EXPECT_FALSE(parsed.err.empty()) << words[0];
    EXPECT_TRUE(parsed.out.empty()) << words[0];
  }
}

TEST(Options, HelpShowsDescriptionAndDefaults) {
  const Parsed help = parse({"--help"}, {.epochs = 42});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_THAT(help.out, AllOf(HasSubstr("An example"), HasSubstr("--batchsize"), HasSubstr("42"),
                              Not(HasSubstr("--seqlength"))));
  EXPECT_THAT(parse({"--help"}, {.sequence = SequenceOptions{}}).out, HasSubstr("--seqlength"));
}

TEST(Options, ArePrintedAsACommandLine) {
  EXPECT_EQ(to_command_line({}), "--seed 1 --epochs 10 --batchsize 100 --lr 0.1 --winit 0.1 --gcheck 0");
  EXPECT_EQ(
      to_command_line({.epochs = 2, .hidden = {64, 32}, .backend = "cpu", .fast = true, .data = "/my data"}),
      "--seed 1 --epochs 2 --batchsize 100 --lr 0.1 --hidden 64 32 --winit 0.1 --backend cpu --fast --gcheck "
      "0 "
      "--data \"/my data\"");
  EXPECT_THAT(to_command_line({.sequence = SequenceOptions{.save = "a"}}),
              EndsWith("--embed 256 --seqlength 100 --gclip 3 --decay 1 --generate 0 --save a"));
}

// ---- progress ----

TEST(ProgressBar, FitsItsWidth) {
  EXPECT_EQ(progress_bar("epoch 1", 0, 8, 0, 40), "epoch 1 [>               ]   0% 0/8 0.0s");
  EXPECT_EQ(progress_bar("epoch 1", 4, 8, 1.25, 40), "epoch 1 [========>       ]  50% 4/8 1.2s");
  EXPECT_EQ(progress_bar("epoch 1", 8, 8, 2, 40), "epoch 1 [================] 100% 8/8 2.0s");
  EXPECT_EQ(progress_bar("", 3, 0, 2, 20).size(), 20u);
  for (size_t width = 0; width < 60; ++width)
    EXPECT_LE(progress_bar("label", 300, 600, 12.5, width).size(), width);
}

TEST(Progress, IsSilentOffATerminalAndPassesElementsThrough) {
  testing::internal::CaptureStderr();
  std::vector<std::pair<int, int>> items = {{1, 2}, {3, 4}};
  int sum = 0;
  for (auto& [a, b] : with_progress(items, "items")) sum += a * b++;
  EXPECT_EQ(sum, 14);
  EXPECT_EQ(items[1].second, 5);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

// ---- curve ----

TEST(NiceTicks, AreRoundNumbers) {
  EXPECT_THAT(nice_ticks(0, 10, 5), ElementsAre(0, 2, 4, 6, 8, 10));
  EXPECT_THAT(nice_ticks(0.5, 3.4, 10, 1), ElementsAre(1, 2, 3));
  EXPECT_THAT(nice_ticks(-0.13, 0.31, 5),
              ElementsAre(testing::DoubleNear(-0.1, 1e-12), 0, testing::DoubleNear(0.1, 1e-12),
                          testing::DoubleNear(0.2, 1e-12), testing::DoubleNear(0.3, 1e-12)));
  EXPECT_THAT(nice_ticks(1e16, 1e16 + 4, 4).size(), testing::Le(9u));
}

// Parses the chart, which so must be well-formed, and counts the elements of a name.
size_t count(const boost::property_tree::ptree& tree, const std::string& name) {
  size_t n = 0;
  for (const auto& [key, child] : tree) n += (key == name ? 1 : 0) + count(child, name);
  return n;
}

boost::property_tree::ptree parse_svg(const Curve& curve) {
  std::istringstream in(to_svg(curve));
  boost::property_tree::ptree tree;
  boost::property_tree::read_xml(in, tree);
  return tree;
}

TEST(Curve, DrawsAxesLegendAndLines) {
  const Curve curve{
      .title = "A <b> & \"c\"",
      .x_label = "epoch",
      .y_label = "accuracy",
      .series = {{"train", {{1, 0.8}, {2, 0.9}, {3, 0.95}}}, {"test", {{1, 0.7}, {2, 0.85}, {3, 0.9}}}}};
  const auto tree = parse_svg(curve);
  EXPECT_EQ(tree.get<std::string>("svg.title"), "A <b> & \"c\"");
  EXPECT_EQ(count(tree, "circle"), 6u);
  EXPECT_EQ(count(tree, "path"), 3u);
  const std::string svg = to_svg(curve);
  for (const char* text : {">1</text>", ">3</text>", ">0.70</text>", ">0.95</text>", ">train</text>",
                           ">test</text>", ">epoch</text>", ">accuracy</text>"})
    EXPECT_THAT(svg, HasSubstr(text));
}

TEST(Curve, StandsAnyValues) {
  const double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
  const auto svg_of = [](std::vector<std::pair<double, double>> points) {
    const Curve curve{.title = "", .x_label = "", .y_label = "", .series = {{"a", std::move(points)}}};
    parse_svg(curve);
    const std::string svg = to_svg(curve);
    EXPECT_THAT(svg, AllOf(Not(HasSubstr("nan")), Not(HasSubstr("inf"))));
    return svg;
  };
  EXPECT_THAT(svg_of({{1, 1}, {2, nan}, {3, 2}, {4, 3}}), HasSubstr("L"));
  svg_of({});
  svg_of({{1, 0}});
  svg_of({{1, nan}, {2, inf}, {3, -inf}});
  svg_of({{0, 1e16}, {1, 1e16 + 2}});
  svg_of({{0, -1e99}, {1, 1e99}});
  svg_of({{0, 1e-300}, {1, 2e-300}});
  svg_of({{0, 1e308}, {1, -1e308}});
  EXPECT_THAT(svg_of(std::vector<std::pair<double, double>>(1000, {1, 1})), Not(HasSubstr("<circle")));
}

// ---- log ----

TEST(TrainingLog, PrintsALinePerEpochAndSavesTheCurve) {
  const TempFolder folder;
  std::ostringstream out;
  TrainingLog log("An example", "accuracy", (folder / "curve.svg").string(), out);
  log.save_plot();
  EXPECT_TRUE(folder.names().empty());
  log.add(0, 0.123456789, 0.1);
  log.add(1, 0.98, 0.97);
  EXPECT_EQ(out.str(), "(epoch, 0, trn, 0.123457, tst, 0.1)\n(epoch, 1, trn, 0.98, tst, 0.97)\n");
  log.save_plot();
  EXPECT_THAT(folder.names(), ElementsAre("curve.svg"));
  const tests::Bytes bytes = read_bytes(folder / "curve.svg");
  EXPECT_THAT(std::string(bytes.begin(), bytes.end()), AllOf(HasSubstr(">accuracy<"), HasSubstr(">test<")));
  TrainingLog impossible("t", "q", (folder / "no/c.svg").string(), out);
  impossible.add(1, 1);
  EXPECT_THAT(out.str(), EndsWith("(epoch, 1, trn, 1)\n"));
  EXPECT_THAT(message_of<DataError>([&] { impossible.save_plot(); }), HasSubstr("no/c.svg"));
}

TEST(TrainingLog, LeavesOutATestCurveWithoutFigures) {
  const TempFolder folder;
  std::ostringstream out;
  TrainingLog log("t", "loss", (folder / "c.svg").string(), out);
  log.add(1, 2.5);
  log.save_plot();
  const tests::Bytes bytes = read_bytes(folder / "c.svg");
  EXPECT_THAT(std::string(bytes.begin(), bytes.end()), AllOf(HasSubstr(">train<"), Not(HasSubstr(">test<"))));
}

// ---- running ----

struct Ran {
  int code;
  std::string out, err;
};

Ran run(std::vector<std::string> words, const std::function<void(const Options&)>& body) {
  words.insert(words.begin(), "example");
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  const int code = run_example(static_cast<int>(argv.size()), argv.data(), "An example", {}, body);
  return {code, testing::internal::GetCapturedStdout(), testing::internal::GetCapturedStderr()};
}

TEST(RunExample, PrintsOptionsAndSeeds) {
  uint64_t seed = 0;
  const Ran ran = run({"--seed", "9"}, [&](const Options&) { seed = default_generator().seed; });
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(seed, 9u);
  EXPECT_THAT(ran.out, HasSubstr("An example\noptions: --seed 9 --epochs 10"));
  EXPECT_EQ(ran.err, "");
}

TEST(RunExample, TurnsErrorsIntoMessages) {
  const Ran ran = run({}, [](const Options&) { throw DataError("f: offset 4: truncated"); });
  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(ran.err, "error: f: offset 4: truncated\n");
  const Ran backend = run({"--backend", "no_such_backend"}, [](const Options&) { FAIL(); });
  EXPECT_EQ(backend.code, 1);
  EXPECT_THAT(backend.err, HasSubstr("no_such_backend"));
  const Ran mistake = run({"--no-such-option"}, [](const Options&) { FAIL(); });
  EXPECT_NE(mistake.code, 0);
  EXPECT_EQ(run({"--help"}, [](const Options&) { FAIL(); }).code, 0);
}

}  // namespace
}  // namespace plugrad::examples
