// Records what the five models ask of a device's memory in three steps of training, as traces/ has it:
//
//   record_traces <folder>
//
// It trains on a backend of its own: the kernels of `reference`, and memory that notes what it is asked.
// Batches hold random numbers, in the shapes that the examples have by default. To be recorded anew where ops
// or models change what they allocate; plain loops take about two minutes.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fstream>
#include <queue>
#include <string>
#include <unordered_map>

#include "plugrad/core/backend.h"
#include "plugrad/core/plugin.hpp"
#include "plugrad/examples/charlm/model.h"
#include "plugrad/examples/housing/model.h"
#include "plugrad/examples/lenet/model.h"
#include "plugrad/examples/mlp/model.h"
#include "plugrad/examples/softmax/model.h"
#include "plugrad/nn/data/minibatch.h"

extern "C" const plugrad_plugin plugrad_reference_plugin;

namespace plugrad::tests {
namespace {

// ---- the log ----

// Ids are the smallest that are free: short lines.
class Recorder {
 public:
  void start(const std::string& file) { out_.open(file); }
  void step() { out_ << "step\n"; }
  void stop() {
    out_.close();
    if (!out_) throw std::runtime_error("the trace could not be written");
  }
  void allocated(void* data, size_t bytes) {
    uint32_t id = next_id_;
    if (free_ids_.empty()) {
      ++next_id_;
    } else {
      id = free_ids_.top();
      free_ids_.pop();
    }
    ids_[data] = id;
    if (out_.is_open()) out_ << "a " << id << ' ' << bytes << '\n';
  }
  void deallocated(void* data) {
    const auto found = ids_.find(data);
    if (out_.is_open()) out_ << "f " << found->second << '\n';
    free_ids_.push(found->second);
    ids_.erase(found);
  }

 private:
  std::ofstream out_;
  std::unordered_map<void*, uint32_t> ids_;
  std::priority_queue<uint32_t, std::vector<uint32_t>, std::greater<>> free_ids_;
  uint32_t next_id_ = 0;
} recorder;

// ---- the backend ----

int32_t one_device(void*, int32_t* count) {
  *count = 1;
  return PLUGRAD_OK;
}
int32_t allocate(void*, int32_t, size_t bytes, void** data) {
  constexpr size_t alignment = 64;
  *data = std::aligned_alloc(alignment, (bytes / alignment + 1) * alignment);
  if (!*data) return PLUGRAD_OUT_OF_MEMORY;
  recorder.allocated(*data, bytes);
  return PLUGRAD_OK;
}
void deallocate(void*, int32_t, void* data, size_t) {
  recorder.deallocated(data);
  std::free(data);
}
int32_t copy(void*, int32_t, void* to, const void* from, size_t bytes, int32_t) {
  std::memmove(to, from, bytes);
  return PLUGRAD_OK;
}
int32_t synchronize(void*, int32_t) { return PLUGRAD_OK; }
void* no_stream(void*, int32_t) { return nullptr; }

int32_t init(const plugrad_host* host) {
  plugrad_memory memory{};
  memory.size = sizeof memory;
  memory.device_type = kDLExtDev;
  memory.device_count = one_device;
  memory.allocate = allocate;
  memory.deallocate = deallocate;
  memory.copy = copy;
  memory.synchronize = synchronize;
  memory.stream = no_stream;
  if (const int32_t status = host->set_memory(host->self, &memory)) return status;
  return plugrad_reference_plugin.init(host);
}

constexpr char manifest[] =
    R"({"plugrad": "backend", "name": "recording", "version": "1", "abi_major": )" PLUGRAD_TEXT(
        PLUGRAD_ABI_MAJOR) R"(, "abi_minor": )" PLUGRAD_TEXT(PLUGRAD_ABI_MINOR) R"(, "op_set": "core-1"})";
constexpr plugrad_plugin recording{sizeof(plugrad_plugin), manifest, init};

// ---- the trainings ----

// Three batches. The trace notes when each is taken, and ends when the third is done with.
class Steps {
 public:
  Steps(const Shape& x, double x_high, DType x_type, const Shape& y, double y_high, DType y_type) {
    for (Batch& b : batches_) b = {cast(uniform(x, 0, x_high), x_type), cast(uniform(y, 0, y_high), y_type)};
  }
  class Iterator {
   public:
    Iterator(const Batch* at, const Batch* end) : at_(at), end_(end) {}
    const Batch& operator*() const {
      recorder.step();
      return *at_;
    }
    const Batch* operator->() const { return at_; }
    Iterator& operator++() {
      if (++at_ == end_) recorder.stop();
      return *this;
    }
    friend bool operator==(Iterator, Iterator) = default;

   private:
    const Batch *at_, *end_;
  };
  Iterator begin() const { return {std::begin(batches_), std::end(batches_)}; }
  Iterator end() const { return {std::end(batches_), std::end(batches_)}; }
  static size_t size() { return 3; }

 private:
  Batch batches_[3];
};

Steps digits() { return {{100, 784}, 1, float32, {100}, 10, int32}; }

void housing() {
  auto model = examples::housing::initial(13, 0.1);
  train_epoch(model, examples::housing::loss, Steps({506, 13}, 1, float32, {506, 1}, 50, float32), 0.1);
}
void softmax() {
  auto model = examples::softmax::initial(0.1);
  train_epoch(model, examples::softmax::loss, digits(), 0.5);
}
void mlp() {
  auto model = examples::mlp::initial({64}, 0.1);
  train_epoch(model, examples::mlp::loss, digits(), 0.5);
}
void lenet() {
  auto model = examples::lenet::initial(0);
  train_epoch(model, examples::lenet::loss, digits(), 0.1);
}
void charlm() {
  constexpr int64_t characters = 84, rows = 128, steps = 100;
  auto model = examples::charlm::initial(characters, 256, 256, 0.3);
  const Steps windows({steps, rows}, characters, int32, {steps, rows}, characters, int32);
  examples::charlm::train(model, windows, 4, 3);
}

void record_all(const std::string& folder) {
  link_backend(recording);
  set_default_device("recording");
  const std::pair<const char*, void (*)()> models[] = {
      {"housing", housing}, {"softmax", softmax}, {"mlp", mlp}, {"lenet", lenet}, {"charlm", charlm}};
  for (const auto& [name, train] : models) {
    recorder.start(folder + "/" + name + ".txt");
    train();
  }
}

}  // namespace
}  // namespace plugrad::tests

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: record_traces <folder>\n");
    return 2;
  }
  try {
    plugrad::tests::record_all(argv[1]);
    return 0;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "error: %s\n", e.what());
    return 1;
  }
}
