// Data files: what is read from good ones, and that damaged ones are refused with file and offset.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <set>

#include "plugrad/core/error.h"
#include "plugrad/nn/data/array_bytes.h"
#include "plugrad/nn/data/housing.h"
#include "plugrad/nn/data/idx.h"
#include "plugrad/nn/data/minibatch.h"
#include "plugrad/nn/data/mnist.h"
#include "plugrad/nn/data/text.h"
#include "plugrad/tests/support/temp_files.h"

namespace plugrad {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;
using tests::Bytes;
using tests::first_bytes;
using tests::gzip;
using tests::message_of;
using tests::ScopedVariable;
using tests::TempFolder;
using tests::to_bytes;
using tests::write_file;

// The data set files that the machine has, where PLUGRAD_DATA says so.
std::filesystem::path real_data(const std::string& name) {
  const char* folder = std::getenv("PLUGRAD_DATA");
  if (!folder) return {};
  const auto path = std::filesystem::path(folder) / name;
  return std::filesystem::exists(path) ? path : std::filesystem::path();
}

#define PLUGRAD_SKIP_WITHOUT_(name) \
  if (real_data(name).empty()) GTEST_SKIP() << "PLUGRAD_DATA names no folder with " << (name)

// No data but what a test makes: neither the user's folder nor the cache is looked at.
struct NoData {
  explicit NoData(const TempFolder& folder)
      : data("PLUGRAD_DATA", std::nullopt), cache("XDG_CACHE_HOME", (folder / "empty-cache").string()) {}
  ScopedVariable data, cache;
};

// ---- bytes ----

TEST(ReadDataFile, GivesPlainAndGzipFilesAlike) {
  const TempFolder folder;
  const Bytes content = to_bytes(std::string(300000, 'x') + "end");
  write_file(folder / "plain", content);
  write_file(folder / "zipped", gzip(content));
  Bytes two_members = gzip(first_bytes(content, 1000));
  const Bytes rest = gzip({content.begin() + 1000, content.end()});
  two_members.insert(two_members.end(), rest.begin(), rest.end());
  write_file(folder / "members", two_members);
  EXPECT_EQ(files::read_data_file(folder / "plain").bytes, content);
  EXPECT_EQ(files::read_data_file(folder / "zipped").bytes, content);
  EXPECT_EQ(files::read_data_file(folder / "members").bytes, content);
  EXPECT_EQ(files::read_file(folder / "zipped").bytes, gzip(content));
}

TEST(ReadDataFile, RefusesGzipTruncatedAnywhere) {
  const TempFolder folder;
  const Bytes zipped = gzip(to_bytes("some text that is long enough to have a body"));
  for (size_t length = 2; length < zipped.size(); ++length) {
    write_file(folder / "f.gz", first_bytes(zipped, length));
    EXPECT_THAT(message_of<DataError>([&] { files::read_data_file(folder / "f.gz"); }),
                AllOf(StartsWith((folder / "f.gz").string() + ": offset "), EndsWith("truncated")))
        << length;
  }
}

TEST(ReadDataFile, RefusesDamagedGzipAndWhatFollowsIt) {
  const TempFolder folder;
  const Bytes zipped = gzip(to_bytes("some text"));
  Bytes wrong_checksum = zipped;
  wrong_checksum[zipped.size() - 6] ^= 1;
  write_file(folder / "f", wrong_checksum);
  EXPECT_THAT(message_of<DataError>([&] { files::read_data_file(folder / "f"); }), HasSubstr("damaged"));
  Bytes followed = zipped;
  followed.insert(followed.end(), {'j', 'u', 'n', 'k'});
  write_file(folder / "f", followed);
  EXPECT_THAT(message_of<DataError>([&] { files::read_data_file(folder / "f"); }), HasSubstr("damaged"));
}

TEST(ReadDataFile, KeepsToTheLimit) {
  const TempFolder folder;
  const Bytes zeros(10'000'000);
  write_file(folder / "bomb", gzip(zeros));
  write_file(folder / "plain", first_bytes(zeros, 1001));
  EXPECT_THAT(message_of<DataError>([&] { files::read_data_file(folder / "bomb", 9'999'999); }),
              HasSubstr("more than the 9999999 bytes allowed when uncompressed"));
  EXPECT_EQ(files::read_data_file(folder / "bomb", 10'000'000).size(), 10'000'000u);
  EXPECT_THAT(message_of<DataError>([&] { files::read_data_file(folder / "plain", 1000); }),
              HasSubstr("the file has 1001 bytes, at most 1000 are allowed"));
}

TEST(ReadDataFile, RefusesWhatIsNoFile) {
  const TempFolder folder;
  EXPECT_THAT(message_of<DataError>([&] { files::read_data_file(folder / "missing"); }),
              AllOf(HasSubstr("missing"), HasSubstr("No such file")));
  EXPECT_THAT(message_of<DataError>([&] { files::read_data_file(folder.path()); }),
              HasSubstr("not a regular file"));
  EXPECT_THAT(message_of<DataError>([&] { files::read_data_file("/dev/zero"); }),
              HasSubstr("not a regular file"));
}

// ---- IDX and MNIST ----

void append_big_endian(Bytes& bytes, uint32_t value) {
  for (const int shift : {24, 16, 8, 0}) bytes.push_back(static_cast<uint8_t>(value >> shift));
}

Bytes idx(const std::vector<uint32_t>& dims, const Bytes& values) {
  Bytes bytes;
  append_big_endian(bytes, 0x800 + static_cast<uint32_t>(dims.size()));
  for (const uint32_t dim : dims) append_big_endian(bytes, dim);
  bytes.insert(bytes.end(), values.begin(), values.end());
  return bytes;
}

Bytes image_file(uint32_t count) {
  Bytes pixels(size_t{count} * 784);
  for (size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<uint8_t>(i % 256);
  return idx({count, 28, 28}, pixels);
}

Bytes label_file(uint32_t count) {
  Bytes labels(count);
  for (size_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<uint8_t>(i % 10);
  return idx({count}, labels);
}

std::string idx_error(Bytes bytes, int ndim = 3) {
  const files::FileBytes file{.path = "images", .bytes = std::move(bytes)};
  return message_of<DataError>([&] { files::parse_idx(file, ndim); });
}

TEST(Idx, ParsesLengthsAndValues) {
  const files::FileBytes file{.path = "f", .bytes = idx({2, 1, 3}, {1, 2, 3, 4, 5, 6})};
  const files::Idx parsed = files::parse_idx(file, 3);
  EXPECT_THAT(parsed.dims, ElementsAre(2, 1, 3));
  EXPECT_THAT(std::vector<uint8_t>(parsed.values.begin(), parsed.values.end()),
              ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_EQ(parsed.offset, 16u);
  const files::FileBytes none{.path = "f", .bytes = idx({0, 28, 28}, {})};
  EXPECT_TRUE(files::parse_idx(none, 3).values.empty());
}

TEST(Idx, RefusesFilesTruncatedAnywhere) {
  const Bytes good = image_file(2);
  for (size_t length = 0; length < 20; ++length)
    EXPECT_THAT(idx_error(first_bytes(good, length)),
                StartsWith("images: offset " + std::to_string(length) + ": truncated"));
  EXPECT_THAT(idx_error(first_bytes(good, good.size() - 1)),
              StartsWith("images: offset 1583: truncated: 1567 elements, the header says 1568"));
}

TEST(Idx, RefusesOtherMagicNumbersTrailingBytesAndHugeLengths) {
  for (size_t byte = 0; byte < 4; ++byte) {
    Bytes wrong = image_file(1);
    wrong[byte] ^= 0x40;
    EXPECT_THAT(idx_error(wrong), StartsWith("images: offset 0: the magic number is 0x"));
  }
  EXPECT_THAT(idx_error(label_file(1), 3), HasSubstr("truncated"));
  EXPECT_THAT(idx_error(label_file(100), 3),
              HasSubstr("0x00000801, that of IDX bytes with 3 axes is 0x00000803"));
  Bytes oversized = image_file(1);
  oversized.insert(oversized.end(), {7, 7});
  EXPECT_THAT(idx_error(oversized), StartsWith("images: offset 800: 2 bytes more than the header says"));
  EXPECT_THAT(idx_error(idx({0xffffffff, 0xffffffff, 0xffffffff}, {1})),
              HasSubstr("more than can be counted"));
}

void write_mnist(const std::filesystem::path& folder, bool zipped = false) {
  const auto write = [&](const std::string& name, const Bytes& bytes) {
    if (zipped) write_file(folder / (name + ".gz"), gzip(bytes));
    else write_file(folder / name, bytes);
  };
  write("train-images-idx3-ubyte", image_file(3));
  write("train-labels-idx1-ubyte", label_file(3));
  write("t10k-images-idx3-ubyte", image_file(2));
  write("t10k-labels-idx1-ubyte", label_file(2));
}

TEST(Mnist, ScalesPixelsAndKeepsLabels) {
  const TempFolder folder;
  write_mnist(folder.path());
  const auto [train, test, origin] = load_mnist(folder.path().string());
  EXPECT_EQ(train.images.shape(), (Shape{3, 784}));
  EXPECT_EQ(train.labels.shape(), Shape{3});
  EXPECT_EQ(test.images.shape(), (Shape{2, 784}));
  const auto pixels = train.images.to_vector<float>();
  for (size_t i = 0; i < pixels.size(); ++i) ASSERT_EQ(pixels[i], static_cast<float>(i % 256) / 255.0f);
  EXPECT_THAT(train.labels.to_vector<int32_t>(), ElementsAre(0, 1, 2));
  EXPECT_EQ(origin.substitute, "");
  EXPECT_EQ(origin.sentence, "MNIST from " + folder.path().string() + " (as given)");
}

TEST(Mnist, IsFoundZippedInSubfolderEnvironmentAndCache) {
  const TempFolder folder;
  const NoData no_data(folder);
  write_mnist(folder / "a/mnist", true);
  EXPECT_EQ(load_mnist((folder / "a").string()).train.labels.size(), 3);
  {
    const ScopedVariable data("PLUGRAD_DATA", (folder / "a").string());
    EXPECT_THAT(load_mnist().origin.sentence, EndsWith("a/mnist (PLUGRAD_DATA)"));
  }
  const ScopedVariable cache("XDG_CACHE_HOME", (folder / "cache").string());
  write_mnist(folder / "cache/plugrad/mnist");
  EXPECT_THAT(load_mnist().origin.sentence, EndsWith("cache/plugrad/mnist (the cache)"));
  const ScopedVariable relative("XDG_CACHE_HOME", "not/absolute");
  const ScopedVariable home("HOME", (folder / "home").string());
  write_mnist(folder / "home/.cache/plugrad");
  EXPECT_THAT(load_mnist().origin.sentence, EndsWith("home/.cache/plugrad (the cache)"));
}

TEST(Mnist, IsNeverReplacedWhereAFolderIsGiven) {
  const TempFolder folder;
  write_file(folder / "a/other", "text");
  EXPECT_THAT(message_of<DataError>([&] { load_mnist((folder / "a").string()); }),
              HasSubstr("this folder has no train-images-idx3-ubyte"));
  EXPECT_THAT(message_of<DataError>([&] { load_mnist((folder / "none").string()); }),
              HasSubstr("no such file"));
  EXPECT_THAT(message_of<DataError>([&] { load_mnist((folder / "a/other").string()); }),
              HasSubstr("a folder is needed"));
  write_mnist(folder / "b");
  std::filesystem::remove(folder / "b/t10k-images-idx3-ubyte");
  EXPECT_THAT(
      message_of<DataError>([&] { load_mnist((folder / "b").string()); }),
      AllOf(HasSubstr("t10k-images-idx3-ubyte: not there, but "), HasSubstr("train-images-idx3-ubyte is")));
}

TEST(Mnist, FallsBackToDebiansFashionMnist) {
  if (!std::filesystem::exists(files::fashion_mnist_folder))
    GTEST_SKIP() << "no package dataset-fashion-mnist";
  const TempFolder folder;
  const NoData no_data(folder);
  const MnistSets sets = load_mnist();
  EXPECT_EQ(sets.origin.substitute, "fashion-mnist");
  EXPECT_THAT(sets.origin.sentence, HasSubstr("in place of MNIST"));
  EXPECT_EQ(sets.train.images.shape(), (Shape{60000, 784}));
  EXPECT_EQ(sets.test.labels.shape(), Shape{10000});
}

TEST(Mnist, RefusesMismatchedCountsSizesAndLabels) {
  const TempFolder folder;
  const auto images = folder / "images", labels = folder / "labels";
  const auto error = [&] { return message_of<DataError>([&] { read_mnist(images, labels); }); };
  write_file(images, image_file(3));
  write_file(labels, label_file(2));
  EXPECT_EQ(error(), labels.string() + ": offset 4: 2 labels, but " + images.string() + " has 3 images");
  write_file(labels, idx({3}, {0, 10, 1}));
  EXPECT_EQ(error(), labels.string() + ": offset 9: label 10, there are 10 classes");
  write_file(labels, label_file(3));
  write_file(images, idx({3, 14, 56}, Bytes(3 * 784)));
  EXPECT_EQ(error(), images.string() + ": offset 8: images of 14 x 56 pixels, not 28 x 28");
  write_file(images, gzip(first_bytes(image_file(3), 1000)));
  EXPECT_THAT(error(), HasSubstr(": offset 1000 (uncompressed): truncated"));
}

TEST(Mnist, ReadsTheRealFiles) {
  PLUGRAD_SKIP_WITHOUT_("mnist/train-images-idx3-ubyte.gz");
  const MnistSets sets = load_mnist();
  EXPECT_EQ(sets.train.images.shape(), (Shape{60000, 784}));
  EXPECT_EQ(sets.test.images.shape(), (Shape{10000, 784}));
  const auto pixels = sets.train.images.to_vector<float>();
  const double mean = std::accumulate(pixels.begin(), pixels.end(), 0.0) / static_cast<double>(pixels.size());
  EXPECT_NEAR(mean, 0.1307, 5e-5);
  const auto labels = sets.train.labels.to_vector<int32_t>();
  EXPECT_THAT(std::vector<int32_t>(labels.begin(), labels.begin() + 8), ElementsAre(5, 0, 4, 1, 9, 2, 1, 3));
}

// ---- housing ----

std::string housing_row(double seed) {
  std::string row;
  for (int i = 0; i < 14; ++i) row += " " + std::to_string(seed * (i + 1) + i);
  return row + "\n";
}

std::string housing_error(const std::string& text) {
  const files::FileBytes file{.path = "housing.data", .bytes = to_bytes(text)};
  return message_of<DataError>([&] { files::parse_housing(file); });
}

TEST(Housing, ParsesAnyNumberOfRows) {
  const std::string text = housing_row(1) + "\n" + housing_row(2.5) + "  \r\n" + housing_row(-3);
  files::FileBytes file{.path = "f", .bytes = to_bytes(text)};
  const auto table = files::parse_housing(file);
  ASSERT_EQ(table.size(), 3u * 14);
  EXPECT_EQ(table[0], 1);
  EXPECT_EQ(table[14], 2.5);
  EXPECT_EQ(table[41], -3 * 14 + 13);
  file.bytes.pop_back();  // the last newline
  EXPECT_EQ(files::parse_housing(file), table);
}

TEST(Housing, NamesLineAndOffsetOfAMistake) {
  const std::string row = housing_row(1), size = std::to_string(row.size());
  EXPECT_EQ(housing_error(row + " 1 2 3\n"), "housing.data: offset " + std::to_string(row.size() + 6) +
                                                 ": line 2: 3 numbers, there should be 14");
  EXPECT_THAT(housing_error(row.substr(0, row.size() - 1) + " 9\n" + row),
              HasSubstr("line 1: more than 14 numbers"));
  for (const char* bad : {"x", "nan", "inf", "1e999", "1e39", "1.5.2", "0x10", "1,5", "--1"})
    EXPECT_EQ(housing_error(row + bad + row),
              "housing.data: offset " + size + ": line 2: not a number that float32 can hold")
        << bad;
  EXPECT_THAT(housing_error(""), HasSubstr("offset 0: 0 rows, at least 2 are needed"));
  EXPECT_THAT(housing_error(row), HasSubstr("1 rows, at least 2"));
}

TEST(Housing, RefusesFilesTruncatedInARow) {
  const std::string text = housing_row(1) + housing_row(2);
  for (size_t length = 1; length < text.size() - 9; ++length)
    EXPECT_THAT(housing_error(text.substr(0, length)), StartsWith("housing.data: offset ")) << length;
}

void expect_standardised(const Array& x) {
  const auto values = x.to_vector<float>();
  const auto rows = static_cast<size_t>(x.dim(0)), columns = static_cast<size_t>(x.dim(1));
  for (size_t column = 0; column < columns; ++column) {
    double sum = 0, squares = 0;
    for (size_t row = 0; row < rows; ++row) {
      sum += values[row * columns + column];
      squares += std::pow(values[row * columns + column], 2);
    }
    EXPECT_NEAR(sum / static_cast<double>(rows), 0, 1e-6);
    EXPECT_NEAR(squares / static_cast<double>(rows - 1), 1, 1e-6);
  }
}

TEST(Housing, StandardisesColumns) {
  const TempFolder folder;
  write_file(folder / "housing.data", housing_row(1) + housing_row(2) + housing_row(6));
  const Housing housing = load_housing((folder / "housing.data").string());
  EXPECT_EQ(housing.x.shape(), (Shape{3, 13}));
  EXPECT_EQ(housing.y.shape(), (Shape{3, 1}));
  EXPECT_THAT(housing.y.to_vector<float>(), ElementsAre(27, 41, 97));
  expect_standardised(housing.x);
  write_file(folder / "housing.data", housing_row(0.1) + housing_row(0.1) + housing_row(0.1));
  EXPECT_THAT(message_of<DataError>([&] { load_housing(folder.path().string()); }),
              HasSubstr("housing.data: offset 0: column 1 cannot be standardised"));
}

// The mean squared error that 2000 steps of gradient descent reach.
double fitted_error(const Housing& housing) {
  const auto x = housing.x.to_vector<float>(), y = housing.y.to_vector<float>();
  const size_t rows = y.size(), columns = 13;
  std::vector<double> weights(columns + 1), gradient(columns + 1);
  double error = 0;
  for (int step = 0; step < 2000; ++step) {
    std::fill(gradient.begin(), gradient.end(), 0.0);
    error = 0;
    for (size_t row = 0; row < rows; ++row) {
      const float* features = &x[row * columns];
      const double difference =
          std::inner_product(features, features + columns, weights.begin(), weights[columns]) - y[row];
      error += difference * difference / static_cast<double>(rows);
      for (size_t i = 0; i < columns; ++i)
        gradient[i] += 2 * difference * features[i] / static_cast<double>(rows);
      gradient[columns] += 2 * difference / static_cast<double>(rows);
    }
    for (size_t i = 0; i <= columns; ++i) weights[i] -= 0.1 * gradient[i];
  }
  return error;
}

TEST(Housing, FallsBackToASyntheticTable) {
  const TempFolder folder;
  const NoData no_data(folder);
  const Housing housing = load_housing(), again = load_housing();
  EXPECT_EQ(housing.origin.substitute, "synthetic");
  EXPECT_THAT(housing.origin.sentence, HasSubstr("in place of housing.data"));
  EXPECT_EQ(housing.x.shape(), (Shape{506, 13}));
  EXPECT_EQ(housing.y.shape(), (Shape{506, 1}));
  expect_standardised(housing.x);
  EXPECT_EQ(housing.x.to_vector<float>(), again.x.to_vector<float>());
  EXPECT_NE(files::synthetic_housing(1), files::synthetic_housing(2));
  EXPECT_NEAR(fitted_error(housing), 4.5 * 4.5, 3);  // the variance of its noise
}

TEST(Housing, ReadsTheRealFile) {
  PLUGRAD_SKIP_WITHOUT_("housing.data");
  const Housing housing = load_housing();
  EXPECT_EQ(housing.x.shape(), (Shape{506, 13}));
  EXPECT_EQ(housing.y.to_vector<float>()[0], 24);
  expect_standardised(housing.x);
  EXPECT_NEAR(fitted_error(housing), 21.89483, 1e-4);  // the solution of the normal equations
}

// ---- text ----

TEST(Vocabulary, NumbersCharactersInOrderOfAppearance) {
  const Vocabulary vocabulary("hello");
  EXPECT_EQ(vocabulary.size(), 4);
  EXPECT_EQ(vocabulary.characters(), "helo");
  EXPECT_THAT(vocabulary.encode("hello"), ElementsAre(0, 1, 2, 2, 3));
  EXPECT_EQ(vocabulary.decode({3, 0}), "oh");
  EXPECT_EQ(Vocabulary(vocabulary.characters()).encode("hole"), vocabulary.encode("hole"));
}

TEST(Vocabulary, CountsCodePointsOfUtf8) {
  const std::string text = "\u00e7a \u20ac \U0001f600\u00e7\x7f\xef\xbf\xbf\xf4\x8f\xbf\xbf";
  const Vocabulary vocabulary(text);
  EXPECT_EQ(vocabulary.size(), 8);
  EXPECT_THAT(vocabulary.encode(text), ElementsAre(0, 1, 2, 3, 2, 4, 0, 5, 6, 7));
  EXPECT_EQ(vocabulary.decode(vocabulary.encode(text)), text);
}

TEST(Vocabulary, RefusesWhatIsNotUtf8) {
  for (const std::string bad :
       {"\x80", "\xff", "\xc3", "\xc0\x80", "\xc1\xbf", "\xe2\x82", "\xe0\x80\x80", "\xed\xa0\x80",
        "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xc3\x28", "\xe2\x28\xa1"})
    EXPECT_EQ(message_of<DataError>([&] { Vocabulary("ab" + bad, "poem"); }), "poem: offset 2: not UTF-8");
}

TEST(Vocabulary, RefusesUnknownCharactersAndIds) {
  const Vocabulary vocabulary("ab");
  EXPECT_EQ(message_of<DataError>([&] { vocabulary.encode("abc", "poem"); }),
            "poem: offset 2: character U+0063 is not in the vocabulary of 2 characters");
  for (const int32_t id : {-1, 2})
    EXPECT_THAT(message_of<DataError>([&] {
                  vocabulary.decode({0, id});
                }),
                HasSubstr("out of range for 2 characters"));
}

TEST(TextWindows, HoldContiguousStretchesInRows) {
  std::vector<int32_t> ids(17);  // two rows of 8; the last is left over
  std::iota(ids.begin(), ids.end(), 0);
  const auto windows = text_windows(ids, 2, 3);
  ASSERT_EQ(windows.size(), 2u);
  EXPECT_EQ(windows[0].x.shape(), (Shape{3, 2}));
  EXPECT_THAT(windows[0].x.to_vector<int32_t>(), ElementsAre(0, 8, 1, 9, 2, 10));
  EXPECT_THAT(windows[0].y.to_vector<int32_t>(), ElementsAre(1, 9, 2, 10, 3, 11));
  EXPECT_THAT(windows[1].x.to_vector<int32_t>(), ElementsAre(3, 11, 4, 12, 5, 13));
  EXPECT_THAT(windows[1].y.to_vector<int32_t>(), ElementsAre(4, 12, 5, 13, 6, 14));
  EXPECT_EQ(windows[0].x.storage(), windows[1].y.storage());
  EXPECT_EQ(text_windows(ids, 2, 7).size(), 1u);
  EXPECT_EQ(text_windows(ids, 1, 1).size(), 16u);
}

TEST(TextWindows, RefuseATextThatIsTooShort) {
  const std::vector<int32_t> ids(16);
  EXPECT_THAT(message_of<Error>([&] { text_windows(ids, 2, 8); }),
              HasSubstr("16 characters in 2 rows are 8 to a row; a window of 8 steps needs 9"));
  EXPECT_THAT(message_of<Error>([&] { text_windows(ids, 17, 1); }), HasSubstr("0 to a row"));
  for (const int64_t wrong : {0, -1}) {
    EXPECT_THAT(message_of<Error>([&] { text_windows(ids, wrong, 1); }), HasSubstr("must be positive"));
    EXPECT_THAT(message_of<Error>([&] { text_windows(ids, 1, wrong); }), HasSubstr("must be positive"));
  }
}

TEST(Text, IsReadFromAFileOrFolder) {
  const TempFolder folder;
  write_file(folder / "poem.txt", "abca");
  write_file(folder / "hiawatha-19.txt.gz", gzip(to_bytes("xyx")));
  const Text poem = load_text((folder / "poem.txt").string());
  EXPECT_EQ(poem.text, "abca");
  EXPECT_THAT(poem.ids, ElementsAre(0, 1, 2, 0));
  EXPECT_EQ(poem.vocabulary.size(), 3);
  EXPECT_EQ(poem.origin.substitute, "");
  EXPECT_THAT(load_text(folder.path().string()).ids, ElementsAre(0, 1, 0));
  EXPECT_EQ(load_text(folder.path().string(), "poem.txt").text, "abca");
  write_file(folder / "poem.txt", "ab\xff");
  EXPECT_EQ(message_of<DataError>([&] { load_text((folder / "poem.txt").string()); }),
            (folder / "poem.txt").string() + ": offset 2: not UTF-8");
}

TEST(Text, TakesFortunesInOrderOfTheirNames) {
  const TempFolder folder;
  write_file(folder / "b", "\u00e7de");
  write_file(folder / "a", "ab");
  write_file(folder / "a.dat", "index");
  std::filesystem::create_symlink("a", folder / "a.u8");
  EXPECT_EQ(files::fortunes_text(folder.path(), 3), "ab\u00e7");
  EXPECT_EQ(files::fortunes_text(folder.path(), 5), "ab\u00e7de");
  EXPECT_THAT(message_of<DataError>([&] { files::fortunes_text(folder.path(), 6); }),
              HasSubstr("5 characters in all, 6 are needed"));
}

TEST(Text, FallsBackToDebiansFortunes) {
  if (!std::filesystem::exists(files::fortunes_folder)) GTEST_SKIP() << "no package fortunes";
  const TempFolder folder;
  const NoData no_data(folder);
  const Text text = load_text();
  EXPECT_EQ(text.origin.substitute, "fortunes");
  EXPECT_THAT(text.origin.sentence, HasSubstr("in place of hiawatha-19.txt"));
  EXPECT_EQ(text.ids.size(), 214325u);
  EXPECT_EQ(text_windows(text.ids, 128, 100).size(), 16u);
}

TEST(Text, ReadsTheRealFile) {
  PLUGRAD_SKIP_WITHOUT_("hiawatha-19.txt");
  const Text text = load_text();
  EXPECT_EQ(text.ids.size(), 214325u);
  EXPECT_EQ(text.vocabulary.size(), 84);
  EXPECT_EQ(text.vocabulary.decode(text.ids), text.text);
  const auto windows = text_windows(text.ids, 128, 100);
  ASSERT_EQ(windows.size(), 16u);
  EXPECT_EQ(windows[0].x.shape(), (Shape{100, 128}));
  const auto last = windows[15].y.to_vector<int32_t>();
  EXPECT_EQ(last.back(), text.ids[127 * 1674 + 1600]);
}

// ---- minibatches ----

struct Numbered {
  Array x, y;
};

// Row i of x is [10 i, 10 i + 1], of y it is i.
Numbered numbered(int32_t rows) {
  std::vector<float> x;
  std::vector<int32_t> y;
  for (int32_t i = 0; i < rows; ++i) {
    x.insert(x.end(), {static_cast<float>(10 * i), static_cast<float>(10 * i + 1)});
    y.push_back(i);
  }
  return {Array::from_data(x, {rows, 2}), Array::from_data(y, {rows})};
}

std::vector<int32_t> rows_seen(Minibatches& batches) {
  std::vector<int32_t> seen;
  for (const auto& [x, y] : batches) {
    const auto labels = y.to_vector<int32_t>();
    const auto values = x.to_vector<float>();
    for (size_t i = 0; i < labels.size(); ++i) {
      EXPECT_EQ(values[2 * i], static_cast<float>(10 * labels[i]));
      EXPECT_EQ(values[2 * i + 1], static_cast<float>(10 * labels[i] + 1));
    }
    seen.insert(seen.end(), labels.begin(), labels.end());
  }
  return seen;
}

TEST(Minibatches, AreViewsInOrder) {
  const auto [x, y] = numbered(7);
  Minibatches dropped(x, y, 3);
  EXPECT_EQ(dropped.size(), 2u);
  EXPECT_THAT(rows_seen(dropped), ElementsAre(0, 1, 2, 3, 4, 5));
  for (const auto& [batch_x, batch_y] : dropped) {
    EXPECT_EQ(batch_x.shape(), (Shape{3, 2}));
    EXPECT_EQ(batch_x.storage(), x.storage());
    EXPECT_TRUE(batch_x.contiguous());
  }
  Minibatches kept(x, y, 3, {.keep_partial = true});
  EXPECT_EQ(kept.size(), 3u);
  EXPECT_THAT(rows_seen(kept), ElementsAre(0, 1, 2, 3, 4, 5, 6));
}

TEST(Minibatches, ShuffleAnewForEachEpoch) {
  const auto [x, y] = numbered(50);
  Minibatches batches(x, y, 7, {.shuffle_seed = 3, .keep_partial = true}),
      same(x, y, 50, {.shuffle_seed = 3});
  Minibatches other(x, y, 50, {.shuffle_seed = 4});
  const auto first = rows_seen(batches), second = rows_seen(batches);
  std::vector<int32_t> all(50);
  std::iota(all.begin(), all.end(), 0);
  EXPECT_THAT(first, testing::UnorderedElementsAreArray(all));
  EXPECT_THAT(second, testing::UnorderedElementsAreArray(all));
  EXPECT_NE(first, all);
  EXPECT_NE(first, second);
  EXPECT_EQ(first, rows_seen(same));
  EXPECT_EQ(second, rows_seen(same));
  EXPECT_NE(first, rows_seen(other));
  EXPECT_EQ(rows_seen(*std::make_unique<Minibatches>(x, y, 50)), all);
}

TEST(Minibatches, ShuffleEveryDtype) {
  const std::vector<double> x = {0, 1, 2, 3, 4};
  const bool flags[] = {true, false, false, false, false};
  Minibatches batches(Array::from_data(x, {5, 1}), Array::from_data(std::span<const bool>(flags), Shape{5}),
                      5, {.shuffle_seed = 1});
  for (const auto& [values, flag] : batches) {
    const auto v = values.to_vector<double>();
    const Bytes f = files::to_bytes(flag);
    for (size_t i = 0; i < 5; ++i) EXPECT_EQ(v[i] == 0, f[i] == 1);
  }
}

TEST(Minibatches, PermutationIsTheSameEverywhere) {
  EXPECT_EQ(files::permutation(100, 7, 2), files::permutation(100, 7, 2));
  EXPECT_TRUE(files::permutation(0, 1, 0).empty());
  EXPECT_THAT(files::permutation(1, 1, 0), ElementsAre(0));
  std::set<std::vector<size_t>> orders;
  for (uint64_t seed = 0; seed < 200; ++seed) orders.insert(files::permutation(3, seed, 0));
  EXPECT_EQ(orders.size(), 6u);
}

TEST(Minibatches, RefuseRowsThatDoNotMatch) {
  const auto [x, y] = numbered(4);
  EXPECT_THAT(message_of<ShapeError>([&, &x = x] { Minibatches(x, numbered(3).y, 2); }),
              HasSubstr("x of shape [4, 2] and y of shape [3]"));
  EXPECT_THAT(message_of<ShapeError>([&, &y = y] { Minibatches(Array::from_data({1.0f}, Shape{}), y, 2); }),
              HasSubstr("x of shape []"));
  EXPECT_THAT(message_of<Error>([&x = x, &y = y] { Minibatches(x, y, 0); }), HasSubstr("batchsize 0"));
  EXPECT_THAT(message_of<Error>([&x = x] { Minibatches(x, Array(), 2); }), HasSubstr("empty"));
  Minibatches none(x, y, 5);
  EXPECT_EQ(none.size(), 0u);
}

}  // namespace
}  // namespace plugrad
