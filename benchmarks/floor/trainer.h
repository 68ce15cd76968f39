// The five models of the timing table, trained by code that knows nothing but its own model: no framework, no
// graph, buffers that are made once. What they need is what this hardware asks for; what a framework takes
// beyond that is its own.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace plugrad::by_hand {

// A model's parameters, compact, in the order and the layouts that the examples' models have.
using Parameters = std::vector<std::vector<float>>;

// A model with its training data. All of it runs on one thread.
class Trainer {
 public:
  Trainer() = default;
  Trainer(const Trainer&) = delete;
  Trainer& operator=(const Trainer&) = delete;
  virtual ~Trainer() = default;

  virtual void set_parameters(const Parameters& values) = 0;
  virtual Parameters parameters() const = 0;

  virtual int64_t batches() const = 0;
  // One step of gradient descent with a batch. Returns the loss before it; lr == 0 leaves the parameters.
  virtual double update(int64_t batch, float lr) = 0;
  // Forgets what is carried from batch to batch.
  virtual void restart() {}
};

// Mean squared error of one linear unit with 13 inputs. x [n, 13], y [n]; one batch.
std::unique_ptr<Trainer> make_linreg(const std::vector<float>& x, const std::vector<float>& y);

// Classifiers of 28 x 28 images, in batches of 100: x [n, 784], labels [n]; further rows are left out.
inline constexpr int64_t batch_size = 100, pixels = 784, classes = 10;
std::unique_ptr<Trainer> make_softmax(std::vector<float> x, std::vector<int32_t> labels);
std::unique_ptr<Trainer> make_mlp(std::vector<float> x, std::vector<int32_t> labels);
std::unique_ptr<Trainer> make_lenet(std::vector<float> x, std::vector<int32_t> labels);

// A window of text: characters x and those that follow them, y, both [steps, rows].
struct Window {
  std::vector<int32_t> x, y;
};
inline constexpr int64_t text_rows = 128, embedding_size = 256, hidden_size = 256;
inline constexpr double gradient_limit = 3;

// A language model; all windows have as many steps as the first. The state goes on from window to window, and
// gradients are clipped to a global norm of `limit`.
std::unique_ptr<Trainer> make_charlm(std::vector<Window> windows, int64_t characters,
                                     double limit = gradient_limit);

}  // namespace plugrad::by_hand
