// The five models of the timing table in LibTorch, op by op as benchmarks/peers/pytorch.py has them. Weights
// and batches come as .npy files, written by benchmarks/peers/libtorch.py, which starts this program and
// speaks for it.
//
// usage: libtorch_peer <row> <folder> <threads> <updates> <rate> <clip>
// Answers with a line of JSON after a first run, and with another for each line read.
#include <torch/torch.h>

#include <chrono>
#include <ctime>
#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>

namespace {

using torch::Tensor;
using Tensors = std::vector<Tensor>;
namespace F = torch::nn::functional;

// Version 1 of the format, of little-endian float32 ("<f4") or int64 ("<i8") in C order, as numpy.save writes
// them.
Tensor load_npy(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string raw{std::istreambuf_iterator<char>(file), {}};
  if (raw.size() < 10 || raw.compare(0, 6, "\x93NUMPY") != 0)
    throw std::runtime_error(path + ": no .npy file");
  const size_t length = static_cast<unsigned char>(raw[8]) + 256u * static_cast<unsigned char>(raw[9]);
  const std::string header = raw.substr(10, length);
  const bool real = header.find("'<f4'") != std::string::npos;
  if (!real && header.find("'<i8'") == std::string::npos) throw std::runtime_error(path + ": " + header);
  std::vector<int64_t> shape;
  std::istringstream dims(header.substr(header.find("'shape': (") + 10));
  for (int64_t n; dims >> n; dims.ignore(1, ',')) shape.push_back(n);
  const auto options = torch::dtype(real ? torch::kFloat : torch::kLong);
  Tensor t = torch::empty(shape, options);
  if (raw.size() - 10 - length != t.nbytes())
    throw std::runtime_error(path + ": not as long as its shape says");
  std::memcpy(t.data_ptr(), raw.data() + 10 + length, t.nbytes());
  return t;
}

// --- models: the loss of a batch; `state` goes on from batch to batch
// ------------------------------------------------

using Loss = Tensor (*)(const Tensors& w, const Tensor& x, const Tensor& y, Tensors& state);

Tensor linreg(const Tensors& w, const Tensor& x, const Tensor& y, Tensors&) {
  return F::mse_loss(torch::addmm(w[1], x, w[0]), y);
}

Tensor softmax(const Tensors& w, const Tensor& x, const Tensor& y, Tensors&) {
  return F::cross_entropy(torch::addmm(w[1], x, w[0]), y);
}

Tensor mlp(const Tensors& w, const Tensor& x, const Tensor& y, Tensors&) {
  const Tensor hidden = torch::relu(torch::addmm(w[1], x, w[0]));
  return F::cross_entropy(torch::addmm(w[3], hidden, w[2]), y);
}

Tensor lenet(const Tensors& w, const Tensor& images, const Tensor& y, Tensors&) {
  Tensor x = torch::max_pool2d(torch::relu(torch::conv2d(images, w[0], w[1])), 2);
  x = torch::max_pool2d(torch::relu(torch::conv2d(x, w[2], w[3])), 2);
  x = torch::relu(torch::linear(x.flatten(1), w[4], w[5]));
  return F::cross_entropy(torch::linear(x, w[6], w[7]), y);
}

// LibTorch's gates are input, forget, change, output; ours are forget, input, output, change.
Tensor reordered(const Tensor& gates) {
  const Tensors g = gates.chunk(4);
  return torch::cat({g[1], g[0], g[3], g[2]});
}

Tensor charlm(const Tensors& w, const Tensor& x, const Tensor& y, Tensors& state) {
  const Tensor matrix = reordered(w[1].t()), bias = reordered(w[2]);
  const Tensors parameters{matrix.slice(1, 0, 256).contiguous(), matrix.slice(1, 256).contiguous(), bias,
                           torch::zeros_like(bias)};
  const auto [hidden, h, c] =
      torch::lstm(torch::embedding(w[0], x), {state[0].unsqueeze(0), state[1].unsqueeze(0)}, parameters, true,
                  1, 0.0, true, false, false);
  state = {h[0].detach(), c[0].detach()};
  return F::cross_entropy(torch::addmm(w[4], hidden.reshape({-1, 256}), w[3]), y.reshape(-1));
}

Loss loss_of(const std::string& row) {
  for (const auto& [name, loss] : std::initializer_list<std::pair<const char*, Loss>>{
           {"linreg", linreg}, {"softmax", softmax}, {"mlp", mlp}, {"lenet", lenet}, {"charlm", charlm}})
    if (row == name) return loss;
  throw std::runtime_error("no row " + row);
}

// --- training
// --------------------------------------------------------------------------------------------------------

struct Task {
  Loss loss;
  Tensors initial;
  std::vector<std::pair<Tensor, Tensor>> batches;
  int64_t updates;
  double rate, clip;

  Task(const std::string& row, const std::string& folder) : loss(loss_of(row)) {
    for (int i = 0; std::ifstream(folder + "/" + std::to_string(i) + ".npy").good(); ++i)
      initial.push_back(load_npy(folder + "/" + std::to_string(i) + ".npy"));
    const Tensors x = load_npy(folder + "/x.npy").unbind(), y = load_npy(folder + "/y.npy").unbind();
    for (size_t i = 0; i < x.size(); ++i) batches.emplace_back(x[i].clone(), y[i].clone());
  }
};

Tensors no_state() { return {torch::zeros({128, 256}), torch::zeros({128, 256})}; }

void descend(Tensors& weights, const Tensors& gradients, double rate, double clip) {
  const torch::NoGradGuard guard;
  if (clip > 0) {
    Tensors norms;
    for (const Tensor& g : gradients) norms.push_back(torch::linalg_vector_norm(g));
    const double norm = torch::linalg_vector_norm(torch::stack(norms)).item<double>();
    if (norm > clip) rate *= clip / norm;
  }
  for (size_t i = 0; i < weights.size(); ++i) weights[i].sub_(gradients[i], rate);
}

double mean_loss(const Task& task, const Tensors& weights) {
  const torch::NoGradGuard guard;
  Tensors state = no_state();
  double sum = 0;
  for (const auto& [x, y] : task.batches) sum += task.loss(weights, x, y, state).item<double>();
  return sum / static_cast<double>(task.batches.size());
}

double clock_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}
double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

// One training from the initial weights, and a line that tells of it.
void run(const Task& task, bool first_run) {
  Tensors weights, first_losses, state = no_state();
  for (const Tensor& w : task.initial) weights.push_back(w.clone().requires_grad_());
  const double start = clock_seconds(), start_cpu = cpu_seconds();
  double first_update = 0;
  for (int64_t i = 0; i < task.updates; ++i) {
    const auto& [x, y] = task.batches[static_cast<size_t>(i) % task.batches.size()];
    const Tensor loss = task.loss(weights, x, y, state);
    descend(weights, torch::autograd::grad({loss}, weights), task.rate, task.clip);
    if (i < 20) first_losses.push_back(loss.detach());
    if (i == 0) first_update = clock_seconds() - start;
  }
  const double seconds = clock_seconds() - start, cpu = cpu_seconds() - start_cpu;

  std::cout.precision(9);
  if (first_run) {
    std::cout << R"({"first_update": )" << first_update << R"(, "first_run": )" << seconds
              << R"(, "first_losses": [)";
    for (size_t i = 0; i < first_losses.size(); ++i)
      std::cout << (i ? ", " : "") << first_losses[i].item<float>();
    std::cout << "]";
  } else {
    std::cout << R"({"seconds": )" << seconds << R"(, "cpu_seconds": )" << cpu;
  }
  const double final_loss = mean_loss(task, weights);
  std::cout << R"(, "final_loss": )";
  if (std::isfinite(final_loss)) std::cout << final_loss;
  else std::cout << "NaN";  // as Python's json module has it
  std::cout << "}" << std::endl;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 7) {
    std::cerr << "usage: libtorch_peer <row> <folder> <threads> <updates> <rate> <clip>\n";
    return 2;
  }
  try {
    at::set_num_threads(std::stoi(argv[3]));
    Task task(argv[1], argv[2]);
    task.updates = std::stoll(argv[4]);
    task.rate = std::stod(argv[5]);
    task.clip = std::stod(argv[6]);
    run(task, true);
    for (std::string line; std::getline(std::cin, line);) run(task, false);
  } catch (const std::exception& e) {
    std::cerr << "libtorch_peer: " << e.what() << "\n";
    return 1;
  }
}
