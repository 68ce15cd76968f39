// Checkpoints: what is written can be read again, by others too, and damaged files are refused whole.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstring>

#include "plugrad/core/error.h"
#include "plugrad/nn/checkpoint/npy.h"
#include "plugrad/nn/checkpoint/parameters.h"
#include "plugrad/nn/checkpoint/replace_file.h"
#include "plugrad/nn/checkpoint/safetensors.h"
#include "plugrad/nn/data/array_bytes.h"
#include "plugrad/ops/ops.h"
#include "plugrad/tests/support/temp_files.h"

namespace plugrad {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;
using tests::Bytes;
using tests::first_bytes;
using tests::message_of;
using tests::read_bytes;
using tests::TempFolder;
using tests::to_bytes;
using tests::write_file;

Array bools(const std::vector<uint8_t>& values, const Shape& shape) {
  return files::from_bytes(values, bool_, shape);
}

NamedArrays one_of_each() {
  return {{"w", Array::from_data({1.5f, -2.0f, 0.25f, 8.0f, 0.0f, -0.0f}, {2, 3})},
          {"d", Array::from_data({1e300, -0.1}, Shape{2})},
          {"i", Array::from_data<int32_t>({-7}, Shape{})},
          {"l", Array::from_data<int64_t>({int64_t{1} << 40, -1}, {1, 2})},
          {"m", bools({1, 0, 1}, Shape{3})},
          {"none", Array::from_data(std::vector<float>(), {0, 4})}};
}

void expect_same(const NamedArrays& a, const NamedArrays& b) {
  ASSERT_EQ(a.size(), b.size());
  for (const auto& [name, x] : a) {
    ASSERT_TRUE(b.contains(name)) << name;
    const Array& y = b.at(name);
    EXPECT_EQ(x.dtype(), y.dtype()) << name;
    EXPECT_EQ(x.shape(), y.shape()) << name;
    EXPECT_EQ(files::to_bytes(x), files::to_bytes(y)) << name;
  }
}

// ---- replacing files ----

TEST(FileReplacement, ShowsTheNewFileOnlyAfterCommit) {
  const TempFolder folder;
  write_file(folder / "f", "old");
  {
    files::FileReplacement file(folder / "f");
    file.write("new");
    EXPECT_EQ(read_bytes(folder / "f"), to_bytes("old"));
    EXPECT_EQ(folder.names().size(), 2u);
  }
  EXPECT_THAT(folder.names(), ElementsAre("f"));
  EXPECT_EQ(read_bytes(folder / "f"), to_bytes("old"));
  files::FileReplacement file(folder / "f");
  file.write("new");
  file.commit();
  EXPECT_THAT(folder.names(), ElementsAre("f"));
  EXPECT_EQ(read_bytes(folder / "f"), to_bytes("new"));
}

TEST(FileReplacement, KeepsPermissionsAndFollowsLinks) {
  const TempFolder folder;
  write_file(folder / "f", "old");
  std::filesystem::permissions(folder / "f", std::filesystem::perms{0640});
  std::filesystem::create_symlink("f", folder / "link");
  files::FileReplacement file(folder / "link");
  file.write("new");
  file.commit();
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
  EXPECT_EQ(read_bytes(folder / "f"), to_bytes("new"));
  EXPECT_EQ(std::filesystem::status(folder / "f").permissions(), std::filesystem::perms{0640});
}

TEST(FileReplacement, RefusesFoldersAndMissingOnes) {
  const TempFolder folder;
  EXPECT_THAT(message_of<DataError>([&] { files::FileReplacement file(folder.path()); }),
              HasSubstr("no regular file"));
  EXPECT_THAT(message_of<DataError>([&] { files::FileReplacement file(folder / "no/f"); }),
              AllOf(HasSubstr("no/f: cannot"), HasSubstr("No such file")));
}

// Makes writing beyond `bytes` fail, as on a full disk, until the end of the scope.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limited{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limited);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  void (*handler_)(int);
};

TEST(Safetensors, LeavesTheOldFileWhenWritingFails) {
  const TempFolder folder;
  save_safetensors(folder / "f", one_of_each());
  const Bytes before = read_bytes(folder / "f");
  std::string error;
  {
    const FileSizeLimit limit(4096);
    const NamedArrays large = {{"x", Array::from_data(std::vector<float>(5000), Shape{5000})}};
    error = message_of<DataError>([&] { save_safetensors(folder / "f", large); });
  }
  EXPECT_THAT(error, AllOf(StartsWith((folder / "f").string() + ": cannot write"), HasSubstr("too large")));
  EXPECT_EQ(read_bytes(folder / "f"), before);
  EXPECT_THAT(folder.names(), ElementsAre("f"));
}

// ---- safetensors ----

// A file of this header, as it stands, and so many zeros.
Bytes safetensors(const std::string& header, size_t data) {
  const uint64_t length = header.size();
  Bytes bytes(8);
  std::memcpy(bytes.data(), &length, 8);
  bytes.insert(bytes.end(), header.begin(), header.end());
  bytes.resize(bytes.size() + data);
  return bytes;
}

std::string load_error(const Bytes& bytes) {
  const TempFolder folder;
  write_file(folder / "f", bytes);
  const std::string error = message_of<DataError>([&] { load_safetensors(folder / "f"); });
  EXPECT_THAT(error, StartsWith((folder / "f").string() + ": offset ")) << error;
  return error.substr(std::min(error.size(), (folder / "f").string().size() + 2));
}

TEST(Safetensors, GivesBackWhatWasSaved) {
  const TempFolder folder;
  const Metadata metadata = {{"vocabulary", "a\n\"\u20ac\t"}, {"epoch", "3"}};
  save_safetensors(folder / "f", one_of_each(), metadata);
  const Checkpoint loaded = load_safetensors(folder / "f");
  expect_same(loaded.arrays, one_of_each());
  EXPECT_EQ(loaded.metadata, metadata);
  save_safetensors(folder / "f", {});
  EXPECT_TRUE(load_safetensors(folder / "f").arrays.empty());
}

TEST(Safetensors, SavesViewsAsTheyLook) {
  const TempFolder folder;
  const Array x = Array::from_data({1.0f, 2.0f, 3.0f, 4.0f, 5.0f, 6.0f}, {2, 3});
  save_safetensors(folder / "f", {{"t", transpose(x)}, {"b", transpose(bools({1, 0, 1, 1, 0, 0}, {2, 3}))}});
  const auto loaded = load_safetensors(folder / "f").arrays;
  EXPECT_EQ(loaded.at("t").shape(), (Shape{3, 2}));
  EXPECT_THAT(loaded.at("t").to_vector<float>(), ElementsAre(1, 4, 2, 5, 3, 6));
  EXPECT_THAT(files::to_bytes(loaded.at("b")), ElementsAre(1, 1, 0, 0, 1, 0));
}

TEST(Safetensors, WritesTheFormatToTheByte) {
  const TempFolder folder;
  save_safetensors(folder / "f", {{"b", bools({1}, Shape{1})}, {"x", Array::from_data({1.0f}, {1, 1})}},
                   {{"k", "v"}});
  const std::string header =
      R"({"__metadata__":{"k":"v"},"x":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]},)"
      R"("b":{"dtype":"BOOL","shape":[1],"data_offsets":[4,5]}})";
  Bytes expected = safetensors(header + std::string((8 - header.size() % 8) % 8, ' '), 5);
  expected[expected.size() - 3] = 0x80;  // 1.0f is 0x3f800000
  expected[expected.size() - 2] = 0x3f;
  expected.back() = 1;
  EXPECT_EQ(read_bytes(folder / "f"), expected);
}

TEST(Safetensors, RefusesFilesTruncatedAnywhere) {
  const TempFolder folder;
  save_safetensors(folder / "f", one_of_each(), {{"k", "v"}});
  const Bytes good = read_bytes(folder / "f");
  for (size_t length = 0; length < good.size(); ++length)
    EXPECT_THAT(load_error(first_bytes(good, length)),
                StartsWith("offset " + std::to_string(length) + ": truncated"));
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_EQ(load_error(longer), "offset " + std::to_string(good.size()) + ": 1 bytes after the last array");
}

TEST(Safetensors, RefusesHeadersOfImpossibleLength) {
  Bytes bytes = safetensors("{}", 0);
  bytes[7] = 0xff;
  EXPECT_THAT(load_error(bytes), StartsWith("offset 0: a header of 18374686479671623682 bytes"));
  bytes[7] = 0;
  bytes[3] = 0x7f;
  EXPECT_THAT(load_error(bytes), StartsWith("offset 0: a header of 2130706434 bytes"));
  bytes[3] = 0;
  bytes[0] = 3;
  EXPECT_EQ(load_error(bytes), "offset 10: truncated: 10 bytes, the header ends at 11");
}

TEST(Safetensors, RefusesHeadersThatAreNoJson) {
  for (const char* header : {"", " {}", "[]", "null", "1"})
    EXPECT_EQ(load_error(safetensors(header, 0)), "offset 8: the header does not begin with {") << header;
  for (const char* header :
       {"{", "{\"a\"", "{\"a\":}", "{}}", "{} x", "{\"a\":1,}", "{'a':1}", "{\"\xff\":1}", "{\"a\":1e999}"})
    EXPECT_THAT(load_error(safetensors(header, 0)), HasSubstr("no JSON")) << header;
  EXPECT_THAT(load_error(safetensors("{\"a\":}", 0)), StartsWith("offset 13: no JSON"));
  EXPECT_THAT(load_error(safetensors("{\"a\":" + std::string(100'000, '['), 0)),
              HasSubstr("nested too deep"));
  EXPECT_THAT(load_error(safetensors(R"({"a":{"shape":[[0]]}})", 0)), HasSubstr("nested too deep"));
}

std::string entry(const std::string& name, const std::string& dtype, const std::string& shape,
                  const std::string& range) {
  return "\"" + name + R"(":{"dtype":)" + dtype + R"(,"shape":)" + shape + R"(,"data_offsets":)" + range +
         "}";
}

TEST(Safetensors, RefusesDescriptionsThatMakeNoSense) {
  const auto error = [](const std::string& text) { return load_error(safetensors("{" + text + "}", 8)); };
  EXPECT_THAT(error(R"("a":1)"), HasSubstr("array 'a': its description is no object"));
  for (const char* dtype : {"\"BF16\"", "\"f32\"", "1", "null"})
    EXPECT_THAT(error(entry("a", dtype, "[2]", "[0,8]")), HasSubstr("is none of F32, F64, I32, I64, BOOL"));
  for (const char* shape : {"2", "[2.0]", "[-2]", "[\"2\"]", "[18446744073709551615]", "{}", "null"})
    EXPECT_THAT(error(entry("a", "\"F32\"", shape, "[0,8]")), HasSubstr("its shape is no list of lengths"))
        << shape;
  for (const char* range : {"[0]", "[0,4,8]", "[8,0]", "[-8,0]", "0", "[0.5,8]"})
    EXPECT_THAT(error(entry("a", "\"F32\"", "[2]", range)), HasSubstr("its data_offsets are no range"))
        << range;
  for (const char* shape : {"[1]", "[3]", "[]", "[0]", "[4294967296,4294967296]", "[9223372036854775807]",
                            "[0,9223372036854775807,2]"})
    EXPECT_THAT(error(entry("a", "\"F32\"", shape, "[0,8]")), HasSubstr("hold 8 bytes, which is not what"))
        << shape;
  EXPECT_THAT(error(entry("a", "\"F32\"", "[1,1,1,1,1,1,1,1,2]", "[0,8]")), HasSubstr("9 axes, at most 8"));
  EXPECT_THAT(error(R"("a":{"dtype":"F32","shape":[2]})"), HasSubstr("data_offsets"));
  EXPECT_THAT(error(R"("__metadata__":{"a":1})"), HasSubstr("'a' is no text"));
  EXPECT_THAT(error(R"("__metadata__":[])"), HasSubstr("is no object"));
  EXPECT_THAT(error(entry("a", "\"F64\"", "[1]", "[0,8]") + "," + entry("a", "\"F64\"", "[1]", "[0,8]")),
              HasSubstr("the key \"a\" twice"));
}

TEST(Safetensors, RefusesRangesThatOverlapOrLeaveGaps) {
  const auto error = [](const std::string& range, const std::string& other, size_t data) {
    const std::string header =
        "{" + entry("a", "\"I32\"", "[1]", range) + "," + entry("b", "\"F32\"", "[1]", other) + "}";
    const std::string message = load_error(safetensors(header, data));
    const auto colon = message.find(": ");
    const size_t offset = std::stoul(message.substr(std::string("offset ").size()));
    return std::to_string(offset - 8 - header.size()) + message.substr(colon);
  };
  EXPECT_EQ(error("[0,4]", "[0,4]", 4), "0: array 'b' overlaps the one before");
  EXPECT_EQ(error("[0,4]", "[2,6]", 6), "2: array 'b' overlaps the one before");
  EXPECT_EQ(error("[0,4]", "[5,9]", 9), "4: a gap of 1 bytes before array 'b'");
  EXPECT_EQ(error("[4,8]", "[8,12]", 12), "0: a gap of 4 bytes before array 'a'");
  EXPECT_THAT(error("[0,4]", "[4,8]", 7), HasSubstr("7: truncated: array 'b' ends at offset"));
  EXPECT_EQ(error("[0,4]", "[4,8]", 9), "8: 1 bytes after the last array");
}

TEST(Safetensors, RefusesBoolsThatAreNeitherTrueNorFalse) {
  Bytes bytes = safetensors("{" + entry("a", "\"BOOL\"", "[3]", "[0,3]") + "}", 3);
  bytes.back() = 2;
  EXPECT_EQ(load_error(bytes), "offset " + std::to_string(bytes.size() - 1) + ": a bool is 0 or 1, not 2");
}

TEST(Safetensors, ReadsRangesInAnyOrderAndUnaligned) {
  const TempFolder folder;
  Bytes bytes =
      safetensors("{" + entry("z", "\"BOOL\"", "[1]", "[0,1]") + "," + entry("a", "\"F32\"", "[1]", "[1,5]") +
                      "," + entry("e", "\"F32\"", "[0]", "[5,5]") + "}   ",
                  5);
  const float value = 2.5f;
  std::memcpy(&bytes[bytes.size() - 4], &value, 4);
  write_file(folder / "f", bytes);
  const auto arrays = load_safetensors(folder / "f").arrays;
  EXPECT_EQ(arrays.at("a").item<float>(), 2.5f);
  EXPECT_EQ(arrays.at("e").size(), 0);
}

TEST(Safetensors, RefusesToSaveWhatTheFormatHasNot) {
  const TempFolder folder;
  const Array x = Array::from_data({1.0f});
  EXPECT_THAT(message_of<Error>([&] {
                save_safetensors(folder / "f", {{"x", Array()}});
              }),
              HasSubstr("'x' is empty"));
  EXPECT_THAT(message_of<Error>([&] {
                save_safetensors(folder / "f", {{"__metadata__", x}});
              }),
              HasSubstr("no array can be named"));
  EXPECT_THAT(message_of<DataError>([&] {
                save_safetensors(folder / "f", {{"\xff", x}});
              }),
              HasSubstr("not UTF-8"));
  EXPECT_TRUE(folder.names().empty());
}

// ---- parameters of structures ----

struct Layer {
  Array w, b;
};
struct Model {
  std::vector<Layer> layers;
  std::map<std::string, Array> extra;
  double scale = 2;
};

Model make_model(float value) {
  const auto layer = [&] { return Layer{full({2, 3}, value), full({3}, value + 1)}; };
  return {.layers = {layer(), layer()}, .extra = {{"embed", full({4}, value + 2)}}};
}

TEST(Parameters, ComeBackToAStructureOfTheSameForm) {
  const TempFolder folder;
  save_parameters(folder / "f", make_model(5), {{"epoch", "7"}});
  Model model = make_model(0);
  EXPECT_EQ(load_parameters(folder / "f", model), (Metadata{{"epoch", "7"}}));
  EXPECT_EQ(files::to_bytes(model.layers[1].w), files::to_bytes(full({2, 3}, 5)));
  EXPECT_EQ(files::to_bytes(model.layers[0].b), files::to_bytes(full({3}, 6)));
  EXPECT_EQ(files::to_bytes(model.extra["embed"]), files::to_bytes(full({4}, 7)));
}

TEST(Parameters, AreNamedByTheirPaths) {
  const TempFolder folder;
  const std::vector<Array> list = {full({1}, 1), full({1}, 2)};
  save_parameters(folder / "list", list);
  const auto named = load_safetensors(folder / "list").arrays;
  EXPECT_EQ(named.size(), 2u);
  EXPECT_EQ(named.at("1").item(), 2);
  save_parameters(folder / "array", full({1}, 3));
  Array x;
  load_parameters(folder / "array", x);
  EXPECT_EQ(x.item(), 3);
  save_parameters(folder / "map", std::map<std::string, std::vector<Array>>{{"lstm", list}});
  EXPECT_TRUE(load_safetensors(folder / "map").arrays.contains("lstm.1"));
}

TEST(Parameters, AreAllLoadedOrNone) {
  const TempFolder folder;
  std::vector<Array> list = {full({1}, 1), full({2}, 2)};
  const auto error = [&](auto& structure) {
    return message_of<DataError>([&] { load_parameters(folder / "f", structure); });
  };
  save_parameters(folder / "f", std::vector<Array>{full({1}, 9), full({3}, 9)});
  EXPECT_THAT(error(list), HasSubstr("f: array '1' is float32 [3], but the structure has float32 [2]"));
  save_parameters(folder / "f", std::vector<Array>{full({1}, 9), full({2}, 9, float64)});
  EXPECT_THAT(error(list), HasSubstr("'1' is float64 [2], but the structure has float32 [2]"));
  save_parameters(folder / "f", std::vector<Array>{full({1}, 9)});
  EXPECT_THAT(error(list), HasSubstr("f: has no array '1'"));
  save_parameters(folder / "f", std::vector<Array>{full({1}, 9), full({2}, 9), full({1}, 9)});
  EXPECT_THAT(error(list), HasSubstr("f: has an array '2', which the structure has not"));
  EXPECT_EQ(list[0].item(), 1);
  std::map<std::string, std::map<std::string, Array>> ambiguous = {{"a", {{"b.c", full({1}, 1)}}},
                                                                   {"a.b", {{"c", full({1}, 1)}}}};
  EXPECT_THAT(message_of<Error>([&] { save_parameters(folder / "g", ambiguous); }),
              HasSubstr("are named 'a.b.c'"));
}

// ---- npy ----

Bytes npy(const std::string& dictionary, const Bytes& data, uint8_t major = 1) {
  Bytes bytes = to_bytes("\x93NUMPY");
  bytes.insert(bytes.end(), {major, 0});
  for (int i = 0; i < (major == 1 ? 2 : 4); ++i)
    bytes.push_back(static_cast<uint8_t>(dictionary.size() >> (8 * i)));
  bytes.insert(bytes.end(), dictionary.begin(), dictionary.end());
  bytes.insert(bytes.end(), data.begin(), data.end());
  return bytes;
}

std::string dictionary(const std::string& descr, const std::string& shape,
                       const std::string& order = "False") {
  return "{'descr': '" + descr + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }    \n";
}

Array load(const Bytes& bytes) {
  const TempFolder folder;
  write_file(folder / "x.npy", bytes);
  return load_npy(folder / "x.npy");
}

std::string npy_error(const Bytes& bytes) {
  const std::string error = message_of<DataError>([&] { load(bytes); });
  const auto name = error.find("x.npy: ");
  return name == std::string::npos ? error : error.substr(name + std::string("x.npy: ").size());
}

TEST(Npy, GivesBackWhatWasSaved) {
  const TempFolder folder;
  for (const auto& [name, x] : one_of_each()) {
    save_npy(folder / name, x);
    expect_same({{name, load_npy(folder / name)}}, {{name, x}});
  }
  save_npy(folder / "t", transpose(Array::from_data({1.0f, 2.0f, 3.0f, 4.0f}, {2, 2})));
  EXPECT_THAT(load_npy(folder / "t").to_vector<float>(), ElementsAre(1, 3, 2, 4));
}

TEST(Npy, WritesWhatNumpyWrites) {
  const TempFolder folder;
  save_npy(folder / "f", Array::from_data<int32_t>({1, 2}));
  const std::string head = "{'descr': '<i4', 'fortran_order': False, 'shape': (2,), }";
  EXPECT_EQ(read_bytes(folder / "f"),
            npy(head + std::string(128 - 10 - head.size() - 1, ' ') + "\n", {1, 0, 0, 0, 2, 0, 0, 0}));
}

TEST(Npy, ReadsAllVersionsAndSpellings) {
  const Bytes data = {1, 0, 0, 0, 2, 0, 0, 0};
  for (const uint8_t version : Bytes{1, 2, 3})
    EXPECT_THAT(load(npy(dictionary("<i4", "(2,)"), data, version)).to_vector<int32_t>(), ElementsAre(1, 2));
  EXPECT_EQ(load(npy("{\"shape\":(1,2),\"fortran_order\":False,\"descr\":\"<i4\"}", data)).shape(),
            (Shape{1, 2}));
  EXPECT_EQ(load(npy(dictionary("<i8", "()"), data)).item<int64_t>(), (int64_t{2} << 32) + 1);
  EXPECT_THAT(files::to_bytes(load(npy(dictionary("|b1", "(2, 1)"), {1, 0}))), ElementsAre(1, 0));
}

TEST(Npy, PutsColumnMajorElementsInRowMajorOrder) {
  Bytes data;
  for (uint8_t i = 0; i < 24; ++i) data.insert(data.end(), {i, 0, 0, 0});
  const auto values = load(npy(dictionary("<i4", "(2, 3, 4)", "True"), data)).to_vector<int32_t>();
  for (size_t i = 0; i < 2; ++i)
    for (size_t j = 0; j < 3; ++j)
      for (size_t k = 0; k < 4; ++k)
        EXPECT_EQ(values[(i * 3 + j) * 4 + k], static_cast<int32_t>(i + 2 * j + 6 * k));
  EXPECT_EQ(load(npy(dictionary("<i4", "(0, 3)", "True"), {})).shape(), (Shape{0, 3}));
}

TEST(Npy, RefusesFilesTruncatedAnywhere) {
  for (const uint8_t version : Bytes{1, 2}) {
    const Bytes good = npy(dictionary("<i4", "(2,)"), Bytes(8), version);
    for (size_t length = 0; length < good.size(); ++length)
      EXPECT_THAT(npy_error(first_bytes(good, length)),
                  StartsWith("offset " + std::to_string(length) + ": truncated"));
    Bytes longer = good;
    longer.push_back(0);
    EXPECT_EQ(npy_error(longer),
              "offset " + std::to_string(good.size()) + ": 1 bytes after the last element");
  }
}

TEST(Npy, RefusesOtherFormats) {
  const Bytes good = npy(dictionary("<i4", "(2,)"), Bytes(8));
  for (size_t byte = 0; byte < 8; ++byte) {
    Bytes wrong = good;
    wrong[byte] ^= 0x10;
    EXPECT_THAT(npy_error(wrong), AnyOf(HasSubstr("not the magic number"), HasSubstr("format version")));
  }
  for (const char* descr : {">f4", "<f2", "<u4", "|u1", "<c8", "|O", "=f4", ""})
    EXPECT_THAT(npy_error(npy(dictionary(descr, "(2,)"), Bytes(8))), HasSubstr("those that can be read are"));
  EXPECT_THAT(npy_error(npy(dictionary("|b1", "(2,)"), {1, 7})), HasSubstr("a bool is 0 or 1, not 7"));
}

TEST(Npy, RefusesDictionariesThatMakeNoSense) {
  const std::string good = "{'descr': '<i4', 'fortran_order': False, 'shape': (2,)}";
  EXPECT_THAT(load(npy(good, Bytes(8))).shape(), Shape{2});
  for (size_t length = 0; length < good.size(); ++length)
    EXPECT_THAT(npy_error(npy(good.substr(0, length), Bytes(8))), StartsWith("offset ")) << length;
  for (const char* bad : {"{'descr': [('a', '<i4')], 'fortran_order': False, 'shape': (2,)}",
                          "{'descr': '<i4', 'fortran_order': 0, 'shape': (2,)}",
                          "{'descr': '<i4', 'fortran_order': False, 'shape': (-2,)}",
                          "{'descr': '<i4', 'fortran_order': False, 'shape': (2.5,)}",
                          "{'descr': '<i4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
                          "{'descr': '<i4', 'fortran_order': False, 'shape': (4294967296, 4294967296, 4)}",
                          "{'descr': '<i4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,2)}",
                          "{'descr': '<i4', 'fortran_order': False, 'shape': 2}",
                          "{'descr': '<i4', 'descr': '<i4', 'fortran_order': False, 'shape': (2,)}",
                          "{'descr': '<i4', 'fortran_order': False, 'shape': (2,), 'more': 1}",
                          "{'descr': '<i4', 'fortran_order': False}",
                          "{'descr': '<i4', 'fortran_order': False, 'shape': (2,)} x", "[]", ""})
    EXPECT_THAT(npy_error(npy(bad, Bytes(8))), StartsWith("offset ")) << bad;
}

}  // namespace
}  // namespace plugrad
