// One list of options serves for parsing, for the help text and for printing them.
#include "plugrad/examples/common/options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <type_traits>

namespace plugrad::examples {
namespace {

// Calls f(name, value, help text, check) for each option of `o`, const or not.
template <class Options, class F>
void for_each_option(Options& o, F f) {
  const CLI::Validator &at_least_zero = CLI::NonNegativeNumber, &above_zero = CLI::PositiveNumber;
  const CLI::Validator file("FILE"), path("PATH"), name("NAME");
  f("--seed", o.seed, "Seed of all random numbers", at_least_zero);
  f("--epochs", o.epochs, "Passes over the training data", at_least_zero);
  f("--batchsize", o.batchsize, "Rows of a minibatch", above_zero);
  f("--lr", o.lr, "Learning rate", above_zero);
  f("--hidden", o.hidden, "Sizes of the hidden layers", above_zero);
  f("--winit", o.winit, "Standard deviation of the initial weights", at_least_zero);
  f("--backend", o.backend, "Backend or device, as cpu or cuda:1", name);
  f("--fast", o.fast, "Train only: no figures after each epoch", CLI::Validator());
  f("--gcheck", o.gcheck, "Check so many gradient entries by finite differences", at_least_zero);
  f("--data", o.data, "Data file, or the folder that has it", path);
  f("--plot", o.plot, "Write the learning curve to this SVG file", file);
  if (!o.sequence) return;
  auto& s = *o.sequence;
  f("--embed", s.embed, "Length of the embeddings", above_zero);
  f("--seqlength", s.seqlength, "Time steps of an update", above_zero);
  f("--gclip", s.gclip, "Clip gradients to this global norm; 0: do not", at_least_zero);
  f("--decay", s.decay, "Multiply the learning rate by this after each epoch", above_zero);
  f("--generate", s.generate, "Generate so many characters in the end", at_least_zero);
  f("--save", s.save, "Write the parameters to this file after training", file);
  f("--load", s.load, "Begin with the parameters of this file", file);
  f("--best", s.best, "Write the parameters to this file when they are the best so far", file);
}

// " 64 32" after the option's name; nothing where it needs none.
std::string to_words(const std::vector<int>& values) {
  return values.empty() ? "" : fmt::format(" {}", fmt::join(values, " "));
}
std::string to_words(const std::string& text) {
  const char* quote = text.find(' ') == std::string::npos ? "" : "\"";
  return text.empty() ? text : fmt::format(" {0}{1}{0}", quote, text);
}
template <class Number>
std::string to_words(Number value) {
  return fmt::format(" {}", value);
}

}  // namespace

std::optional<int> parse_options(int argc, const char* const* argv, const std::string& description,
                                 Options& options, std::ostream& out, std::ostream& err) {
  CLI::App app(description);
  app.option_defaults()->always_capture_default();
  for_each_option(options,
                  [&]<class T>(const char* name, T& value, const char* help, const CLI::Validator& check) {
                    if constexpr (std::is_same_v<T, bool>) app.add_flag(name, value, help);
                    else if constexpr (std::is_same_v<T, std::vector<int>>)
                      app.add_option(name, value, help)->check(check)->delimiter(',');
                    else app.add_option(name, value, help)->check(check);
                  });
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e, out, err);
  }
  return std::nullopt;
}

std::string to_command_line(const Options& options) {
  std::string line;
  const auto add = [&](const char* name, const std::string& words) {
    line += (line.empty() ? "" : " ") + (name + words);
  };
  for_each_option(options,
                  [&]<class T>(const char* name, const T& value, const char*, const CLI::Validator&) {
                    if constexpr (std::is_same_v<T, bool>) {
                      if (value) add(name, "");
                    } else if (const std::string words = to_words(value); !words.empty()) {
                      add(name, words);
                    }
                  });
  return line;
}

}  // namespace plugrad::examples
