// Reading the MNIST files into arrays.
#include "plugrad/nn/data/mnist.h"

#include <fmt/format.h>

#include <algorithm>

#include "plugrad/nn/data/idx.h"

namespace plugrad {
namespace {

using files::FileBytes;
using files::Idx;

Array to_images(const FileBytes& file, const Idx& idx) {
  for (size_t axis = 1; axis <= 2; ++axis)
    if (idx.dims[axis] != 28)
      file.fail(4 + 4 * axis, fmt::format("images of {} x {} pixels, not 28 x 28", idx.dims[1], idx.dims[2]));
  std::vector<float> pixels(idx.values.size());
  std::transform(idx.values.begin(), idx.values.end(), pixels.begin(),
                 [](uint8_t v) { return static_cast<float>(v) / 255.0f; });
  return Array::from_data(pixels, {idx.dims[0], 784});
}

Array to_labels(const FileBytes& file, const Idx& idx) {
  const auto bad = std::find_if(idx.values.begin(), idx.values.end(), [](uint8_t v) { return v > 9; });
  if (bad != idx.values.end())
    file.fail(idx.offset + static_cast<size_t>(bad - idx.values.begin()),
              fmt::format("label {}, there are 10 classes", *bad));
  return Array::from_data(std::vector<int32_t>(idx.values.begin(), idx.values.end()), {idx.dims[0]});
}

struct FoundSets {
  std::vector<std::filesystem::path> paths;  // images and labels for training, then for testing
  DataOrigin origin;
};

FoundSets find_sets(const std::string& given) {
  const std::vector<std::string> names = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                                          "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"};
  if (const auto mnist = files::find(given, "mnist", names))
    return {mnist->paths, {.sentence = fmt::format("MNIST from {}", mnist->place), .substitute = ""}};
  if (const auto fashion = files::find_in(files::fashion_mnist_folder, "", names))
    return {fashion->paths,
            {.sentence = fmt::format(
                 "Fashion-MNIST from {} (Debian's dataset-fashion-mnist) in place of MNIST, which is "
                 "not in {}",
                 fashion->place, files::places_searched()),
             .substitute = "fashion-mnist"}};
  throw DataError(
      fmt::format("{}: not in {}; put the four MNIST files there, or install Debian's package "
                  "dataset-fashion-mnist",
                  names[0], files::places_searched()));
}

}  // namespace

Mnist read_mnist(const std::filesystem::path& images, const std::filesystem::path& labels) {
  const FileBytes image_file = files::read_data_file(images), label_file = files::read_data_file(labels);
  const Idx image_idx = files::parse_idx(image_file, 3), label_idx = files::parse_idx(label_file, 1);
  if (image_idx.dims[0] != label_idx.dims[0])
    label_file.fail(4, fmt::format("{} labels, but {} has {} images", label_idx.dims[0], image_file.path,
                                   image_idx.dims[0]));
  return {.images = to_images(image_file, image_idx), .labels = to_labels(label_file, label_idx)};
}

MnistSets load_mnist(const std::string& given) {
  const auto [paths, origin] = find_sets(given);
  return {.train = read_mnist(paths[0], paths[1]), .test = read_mnist(paths[2], paths[3]), .origin = origin};
}

}  // namespace plugrad
