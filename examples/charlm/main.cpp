// Trains a language model over characters, and writes text with it.
#include <fmt/format.h>

#include <iostream>
#include <limits>

#include "plugrad/examples/charlm/generate.h"
#include "plugrad/examples/common/classification.h"
#include "plugrad/examples/common/run_example.h"
#include "plugrad/nn/data/text.h"

namespace plugrad::examples {

struct Session {
  const Options& options;
  Vocabulary vocabulary;
  charlm::Model model;

  void save(const std::string& path) const {
    if (!path.empty()) save_parameters(path, model, {{"characters", vocabulary.characters()}});
  }
  void load(const std::string& path) {
    if (path.empty()) return;
    model = {};
    model.lstm.layers.resize(1);  // any sizes are taken
    const Metadata metadata = load_parameters(path, model);
    if (const auto it = metadata.find("characters"); it != metadata.end())
      vocabulary = Vocabulary(it->second);
  }
};

// The last tenth of the text is for testing, where there are enough windows for that.
void train(Session& session, const std::vector<int32_t>& ids) {
  const Options& options = session.options;
  const SequenceOptions& sequence = *options.sequence;
  std::vector<Batch> windows = text_windows(ids, options.batchsize, sequence.seqlength);
  const auto test_size = static_cast<std::ptrdiff_t>(options.fast ? 0 : windows.size() / 10);
  const std::vector<Batch> test(windows.end() - test_size, windows.end());
  windows.erase(windows.end() - test_size, windows.end());
  const auto mean_loss = [&] {
    LstmState state;
    return mean_over(
        test, [&](const Array& x, const Array& y) { return charlm::loss(session.model, x, y, state); });
  };
  if (options.gcheck > 0) {
    const auto loss = [](const charlm::Model& m, const Array& x, const Array& y) {
      LstmState state;
      return charlm::loss(m, x, y, state);
    };
    print_gradcheck(gradcheck(loss, session.model, options.gcheck, options.seed, windows[0].x, windows[0].y));
  }
  TrainingLog log("Language model over characters", "loss", options.plot);
  double lr = options.lr, best = std::numeric_limits<double>::infinity();
  for (int epoch = 1; epoch <= options.epochs; ++epoch, lr *= sequence.decay) {
    const double loss = charlm::train(session.model, with_progress(windows, fmt::format("epoch {}", epoch)),
                                      lr, sequence.gclip);
    const double judged = test.empty() ? loss : mean_loss();
    log.add(epoch, loss, test.empty() ? std::nullopt : std::optional(judged));
    if (judged < best) session.save(sequence.best);
    best = std::min(best, judged);
  }
  session.save(sequence.save);
  log.save_plot();
}

void run(const Options& options) {
  const SequenceOptions& sequence = *options.sequence;
  const Text text = load_text(options.data);
  std::cout << "data: " << text.origin.sentence << std::endl;
  const int64_t hidden = options.hidden.empty() ? 256 : options.hidden.front();
  Session session{options, text.vocabulary,
                  charlm::initial(text.vocabulary.size(), sequence.embed, hidden, options.winit)};
  session.load(sequence.load);
  if (options.epochs > 0) train(session, session.vocabulary.encode(text.text));
  if (sequence.generate > 0) {
    const auto ids = charlm::generate(session.model, sequence.generate, 0, options.seed);
    std::cout << session.vocabulary.decode(ids) << std::endl;
  }
}

}  // namespace plugrad::examples

int main(int argc, char** argv) {
  using namespace plugrad::examples;
  const Options defaults{
      .epochs = 1, .batchsize = 128, .lr = 4, .hidden = {256}, .winit = 0.3, .sequence = SequenceOptions{}};
  return run_example(argc, argv, "A language model over characters.", defaults, run);
}
