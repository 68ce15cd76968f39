// The MNIST digits, for training and for testing.
#pragma once

#include <filesystem>
#include <string>

#include "plugrad/core/array.h"
#include "plugrad/nn/data/find.h"

namespace plugrad {

struct Mnist {
  Array images;  // [n, 784] float32 in [0, 1]: pixel / 255, row by row of 28 x 28
  Array labels;  // [n] int32 in 0..9
};

struct MnistSets {
  Mnist train, test;
  DataOrigin origin;
};

// Reads the four IDX files, zipped or not, from the folder `given` or where files::find looks, with Debian's
// package dataset-fashion-mnist as the substitute. DataError where nothing is found or a file is not what it
// should be.
PLUGRAD_PUBLIC MnistSets load_mnist(const std::string& given = {});

// Reads one pair of files, which must agree in their number.
PLUGRAD_PUBLIC Mnist read_mnist(const std::filesystem::path& images, const std::filesystem::path& labels);

}  // namespace plugrad
