// The options that all examples share, in Knet's manner, and their reading from the command line.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace plugrad::examples {

// What models over sequences take besides.
struct SequenceOptions {
  int embed = 256;        // length of an embedding
  int seqlength = 100;    // time steps of an update
  double gclip = 3;       // largest global norm of a gradient; 0: any
  double decay = 1;       // the learning rate is multiplied by this after each epoch
  int generate = 0;       // characters to generate in the end
  std::string save = {};  // checkpoint to write after training
  std::string load = {};  // checkpoint to begin with
  std::string best = {};  // checkpoint to write whenever the test loss is the best so far
};

// An example's defaults before the command line is read, its settings after.
struct Options {
  uint64_t seed = 1;
  int epochs = 10;
  int batchsize = 100;
  double lr = 0.1;
  std::vector<int> hidden = {};
  double winit = 0.1;
  std::string backend = {};  // empty: PLUGRAD_BACKEND, or cpu
  bool fast = false;
  int gcheck = 0;
  std::string data = {};  // folder or file; empty: searched for
  std::string plot = {};  // SVG file; empty: none
  std::optional<SequenceOptions> sequence = {};
};

// Reads the command line into `options`. Returns the exit code where the program is to end at once, which is
// after
// --help (0; the text goes to `out`) and after a mistake (not 0; the message goes to `err`).
std::optional<int> parse_options(int argc, const char* const* argv, const std::string& description,
                                 Options& options, std::ostream& out, std::ostream& err);

// "--seed 1 --epochs 10 ...": all settings, as a command line that gives them; empty texts and false flags
// left out.
std::string to_command_line(const Options& options);

}  // namespace plugrad::examples
