// Loading: what must load, and what must be refused with a message that helps, leaving everything as it was.
//
// CMakeLists.txt beside this file builds one plugin of each source in good/ and bad/, and of abi_is_c11.c:
// libplugrad_<name>.so in the folder PLUGRAD_TEST_PLUGIN_DIR.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <elf.h>
#include <cstring>
#include <thread>

#include "plugrad/core/array.h"
#include "plugrad/core/backend.h"
#include "plugrad/core/dispatch.h"
#include "plugrad/core/plugin.hpp"
#include "plugrad/tests/support/temp_files.h"

namespace plugrad::tests {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

const fs::path plugin_dir = PLUGRAD_TEST_PLUGIN_DIR;
constexpr const char *path_variable = "PLUGRAD_PLUGIN_PATH",
                     *incomplete_variable = "PLUGRAD_ALLOW_INCOMPLETE";

fs::path plugin(const std::string& name) { return plugin_dir / ("libplugrad_" + name + ".so"); }

// All that a failed load must not change.
struct Snapshot {
  std::vector<std::pair<plugrad_kernel, plugrad_kernel>> cells;
  std::vector<std::string> backends;
  int names = 0;
  friend bool operator==(const Snapshot&, const Snapshot&) = default;
};

Snapshot snapshot() {
  Snapshot s;
  for (const Row* row : all_ops())
    for (int b = 0; b < max_backends; ++b) {
      const Cell cell = row->cell(static_cast<BackendId>(b));
      s.cells.emplace_back(cell.forward, cell.gradient);
    }
  for (const BackendInfo& b : loaded_backends())
    s.backends.push_back(b.name + b.version + b.op_set + b.origin);
  s.names = detail::n_backends();
  return s;
}

// f() throws PluginError: "<where>: ...<cause>...; ...<remedy>...". Nothing has changed.
template <class F>
void expect_refused(F&& f, const std::string& where, const std::string& cause, const std::string& remedy) {
  const Snapshot before = snapshot();
  const std::string message = message_of<PluginError>(f);
  EXPECT_TRUE(snapshot() == before) << "the failure left traces: " << message;
  EXPECT_THAT(message, AllOf(StartsWith(where + ": "), HasSubstr(cause)));
  const size_t end_of_cause = message.find("; ");
  ASSERT_NE(end_of_cause, std::string::npos) << message;
  EXPECT_THAT(message.substr(end_of_cause), HasSubstr(remedy)) << message;
}

void expect_refused(const fs::path& file, const std::string& cause, const std::string& remedy) {
  expect_refused([&] { load_plugin(file); }, file.string(), cause, remedy);
}

void load_good() {
  const ScopedVariable allow(incomplete_variable, "1");
  load_plugin(plugin("good"));
}

// ---- what loads ----

TEST(Loader, TakesInASoundPlugin) {
  load_good();
  EXPECT_TRUE(is_loaded("good"));
  const BackendId id = parse_device("good").backend;
  EXPECT_TRUE(get_op("relu").cell(id).forward && get_op("relu").cell(id).gradient);
  EXPECT_FALSE(get_op("tanh").cell(id).forward);
  const Array x =
      Array::from_data(std::span<const float>(std::vector<float>{-1, 2}), {2}, parse_device("good"));
  Array y;
  const ArrayRef in[] = {x};
  dispatch(get_op("relu"), in, 1, nullptr, 0, &y, 1);
  EXPECT_THAT(y.to_vector<float>(), ElementsAre(0, 2));
}

TEST(Loader, KnowsWhereABackendIsFrom) {
  load_good();
  for (const BackendInfo& b : loaded_backends())
    if (b.name == "good") {
      EXPECT_EQ(b.version, "1.2.3");
      EXPECT_EQ(b.origin, fs::canonical(plugin("good")).string());
      EXPECT_EQ(b.op_set, "");
    }
}

TEST(Loader, TakesTheSameFileTwiceForOne) {
  load_good();
  const Snapshot before = snapshot();
  load_good();
  load_backend("good");
  const TempFolder folder;
  fs::create_symlink(plugin("good"), folder / "link.so");
  load_plugin(folder / "link.so");
  EXPECT_TRUE(snapshot() == before);
}

TEST(Loader, TakesAPluginInC) {
  const ScopedVariable allow(incomplete_variable, "1");
  load_plugin(plugin("plain_c"));
  const Array x =
      Array::from_data(std::span<const float>(std::vector<float>{-1, 2}), {2}, parse_device("plain_c"));
  Array y;
  const ArrayRef in[] = {x};
  dispatch(get_op("abs"), in, 1, nullptr, 0, &y, 1);
  EXPECT_THAT(y.to_vector<float>(), ElementsAre(1, 2));
}

TEST(Loader, LoadsOnceWhenManyThreadsAsk) {
  const ScopedVariable allow(incomplete_variable, "1");
  const ScopedVariable path(path_variable, plugin_dir.string());
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) threads.emplace_back([] { load_backend("good"); });
  for (std::thread& t : threads) t.join();
  int n = 0;
  for (const BackendInfo& b : loaded_backends()) n += b.name == "good";
  EXPECT_EQ(n, 1);
}

// ---- what is wrong inside ----

struct BadPlugin {
  const char *name, *cause, *remedy;
};
class BadPlugins : public testing::TestWithParam<BadPlugin> {};
TEST_P(BadPlugins, AreRefused) {
  const auto& [name, cause, remedy] = GetParam();
  expect_refused(plugin(name), cause, remedy);
}
INSTANTIATE_TEST_SUITE_P(
    Loader, BadPlugins,
    testing::Values(
        BadPlugin{"wrong_major", "plugin wrong_major is built for ABI 9.0, this plugrad has ABI 0.",
                  "update plugrad"},
        BadPlugin{"wrong_minor", "plugin wrong_minor is built for ABI 0.0, this plugrad has ABI 0.",
                  "rebuild the plugin"},
        BadPlugin{"init_fails", "its init function failed with status 4: the driver is too old",
                  "its author"},
        BadPlugin{"init_throws", "its init function threw an exception: no graphics card", "its author"},
        BadPlugin{"no_init", "exports no plugrad_init", "PLUGRAD_BACKEND"},
        BadPlugin{"no_manifest", "it has no manifest", "PLUGRAD_BACKEND"},
        BadPlugin{"unknown_op_set", "claims op set core-77", "update plugrad"},
        BadPlugin{"unknown_op", "add_kernel: there is no op no_such_op", "its author"},
        BadPlugin{"ignores_refusal", "ignored a refusal: add_kernel: relu is given twice", "corrected"},
        BadPlugin{"undefined_symbol", "nobody_has_this_function", "install the libraries that it needs"},
        BadPlugin{"memory_with_gaps", "set_memory: functions are missing", "its author"},
        BadPlugin{"unknown_kind", "a plugin of the kind 'toaster'", "update plugrad"}),
    [](const auto& bad) { return bad.param.name; });

TEST(Loader, ListsAllThatAnIncompleteBackendLacks) {
  const fs::path file = plugin("incomplete");
  expect_refused(file, "backend incomplete claims op set core-1 but lacks", "PLUGRAD_ALLOW_INCOMPLETE=1");
  const std::string message = message_of<PluginError>([&] { load_plugin(file); });
  EXPECT_THAT(message, AllOf(HasSubstr("tanh (gradient)"), HasSubstr("exp (forward, gradient)"),
                             HasSubstr("neg (forward)"), testing::Not(HasSubstr("relu"))));
}

TEST(Loader, RefusesABackendWithoutAnOpSet) {
  expect_refused(plugin("other_name"), "claims no op set", "PLUGRAD_ALLOW_INCOMPLETE=1");
}

TEST(Loader, TheOptionForIncompleteOnesIsZeroOrOne) {
  const ScopedVariable off(incomplete_variable, "0");
  expect_refused(plugin("incomplete"), "lacks", "PLUGRAD_ALLOW_INCOMPLETE=1");
  const ScopedVariable wrong(incomplete_variable, "yes");
  expect_refused([] { load_plugin(plugin("incomplete")); }, incomplete_variable, "'yes' is neither 0 nor 1",
                 "set it");
}

TEST(Loader, ANameThatIsTakenNamesBothFiles) {
  load_good();
  const fs::path file = plugin("name_taken");
  expect_refused(file, "its name good is taken by the backend from " + fs::canonical(plugin("good")).string(),
                 "another name");
}

// ---- looking for a backend ----

TEST(Loader, AManifestMustNameTheBackendThatWasLookedFor) {
  const ScopedVariable path(path_variable, plugin_dir.string());
  expect_refused([] { load_backend("other_name"); }, plugin("other_name").string(),
                 "was found as backend other_name, but its manifest says somebody_else",
                 "name the file libplugrad_somebody_else.so");
}

TEST(Loader, SaysWhereItLookedInVain) {
  const ScopedVariable path(path_variable, "/nowhere:" + plugin_dir.string());
  expect_refused([] { load_backend("absent"); }, "libplugrad_absent.so",
                 "backend absent is not in /nowhere, " + plugin_dir.string(), "choose one of ");
  expect_refused([] { load_backend("absent"); }, "libplugrad_absent.so", "", "incomplete, init_fails");
}

TEST(Loader, RefusesNamesThatCouldBePaths) {
  for (const char* name : {"", "../good", "/tmp/good", "Good", "good.so", "go od", "9good"})
    expect_refused([&] { load_backend(name); }, "load_backend", std::string("'") + name + "' cannot be",
                   "lower-case");
}

TEST(Loader, FoldersOfTheEnvironmentAreAbsolute) {
  const ScopedVariable path(path_variable, "/nowhere:plugins");
  expect_refused([] { load_backend("absent"); }, path_variable, "'plugins' is a relative path", "absolute");
}

TEST(Loader, ListsWhatItCouldLoad) {
  const TempFolder folder;
  for (const char* name : {"libplugrad_b.so", "libplugrad_a.so", "libplugrad_.so", "libplugrad_A.so",
                           "plugrad_c.so", "libplugrad_d.so.1", "notes.txt"})
    write_file(folder / name, "");
  fs::create_directory(folder / "libplugrad_folder.so");
  const ScopedVariable none(path_variable, std::nullopt);
  std::vector<std::string> expected = available_backends();
  expected.insert(expected.end(), {"a", "b"});
  const ScopedVariable path(path_variable, ":" + folder.path().string() + ":/nowhere:");
  EXPECT_THAT(available_backends(), testing::UnorderedElementsAreArray(expected));
}

// ---- what is wrong with the file ----

class PluginFiles : public testing::Test {
 protected:
  fs::path write(const Bytes& bytes) {
    write_file(file_, bytes);
    return file_;
  }
  template <class T>
  T read(size_t at) const {
    T value;
    std::memcpy(&value, good_.data() + at, sizeof value);
    return value;
  }
  template <class T>
  Bytes patched(size_t at, T value) const {
    Bytes bytes = good_;
    std::memcpy(bytes.data() + at, &value, sizeof value);
    return bytes;
  }
  const TempFolder folder_;
  const fs::path file_ = folder_ / "libplugrad_good.so";
  const Bytes good_ = read_bytes(plugin("good"));
};

TEST_F(PluginFiles, TruncatedOnesAreRefused) {
  constexpr size_t lengths = 20;
  for (size_t i = 0; i < lengths; ++i) {
    const size_t length =
        i < 4 ? std::vector<size_t>{0, 3, 20, 63}[i] : good_.size() * (i - 3) / (lengths - 3) - 1;
    SCOPED_TRACE(length);
    const bool has_header = length >= sizeof(Elf64_Ehdr);
    expect_refused(write(first_bytes(good_, length)),
                   has_header ? "truncated or damaged" : "no ELF file, or only the beginning of one",
                   has_header ? "build or copy it again" : "name the shared library");
  }
}

TEST_F(PluginFiles, SegmentsBeyondTheEndAreRefused) {
  using Header = Elf64_Ehdr;
  const auto table = read<uint64_t>(offsetof(Header, e_phoff));
  const auto huge = ~uint64_t{0} - 8;
  expect_refused(write(patched(table + offsetof(Elf64_Phdr, p_filesz), huge)),
                 "a segment lies beyond its end", "again");
  expect_refused(write(patched(table + offsetof(Elf64_Phdr, p_offset), huge)),
                 "a segment lies beyond its end", "again");
  expect_refused(write(patched(offsetof(Header, e_phoff), huge)), "its table of segments", "again");
  expect_refused(write(patched(offsetof(Header, e_shoff), huge)), "its table of sections", "again");
  expect_refused(write(patched(offsetof(Header, e_phnum), uint16_t{0xfff0})), "its table of segments",
                 "again");
}

TEST_F(PluginFiles, TextIsRefused) {
  write_file(file_, "This is not a library, whatever its name says.\n");
  expect_refused(file_, "is no ELF file", "name the shared library");
}

TEST_F(PluginFiles, OtherMachinesAreRefused) {
  const auto machine = read<uint16_t>(offsetof(Elf64_Ehdr, e_machine));
  const uint16_t other = machine == EM_AARCH64 ? EM_X86_64 : EM_AARCH64;
  expect_refused(write(patched(offsetof(Elf64_Ehdr, e_machine), other)), "is built for ", "for this machine");
  const auto other_class = static_cast<uint8_t>(good_[EI_CLASS] == ELFCLASS64 ? ELFCLASS32 : ELFCLASS64);
  expect_refused(write(patched(EI_CLASS, other_class)), "-bit library", "for this machine");
}

TEST_F(PluginFiles, ProgramsAreRefused) {
  expect_refused(write(patched(offsetof(Elf64_Ehdr, e_type), uint16_t{ET_EXEC})), "is not a shared library",
                 "-shared");
}

TEST_F(PluginFiles, ManifestsThatAreNoneAreRefused) {
  const std::string_view text(reinterpret_cast<const char*>(good_.data()), good_.size());
  const size_t manifest = text.find("{\"plugrad\": \"backend\"");
  ASSERT_NE(manifest, std::string_view::npos);
  expect_refused(write(patched(manifest, '[')), "its manifest is not JSON", "rebuild");
  expect_refused(write(patched(manifest, '\0')), "its manifest is not JSON", "rebuild");
  expect_refused(write(patched(manifest + 3, 'x')), "its manifest has no \"plugrad\"", "rebuild");
}

TEST_F(PluginFiles, ThatOthersCanChangeAreRefused) {
  write(good_);
  fs::permissions(file_, fs::perms::others_write, fs::perm_options::add);
  expect_refused(file_, "is writable for every user", "chmod o-w");
  fs::permissions(file_, fs::perms::others_write, fs::perm_options::remove);
  fs::permissions(folder_.path(), fs::perms::others_write, fs::perm_options::add);
  expect_refused(file_, "its folder " + folder_.path().string() + " is writable for every user", "chmod o-w");
}

TEST_F(PluginFiles, InFoldersThatOthersCanChangeAreRefused) {
  const fs::path inner = folder_ / "open" / "inner" / "libplugrad_good.so";
  write_file(inner, good_);
  fs::permissions(folder_ / "open", fs::perms::others_write, fs::perm_options::add);
  expect_refused(inner, "its folder " + (folder_ / "open").string(), "chmod o-w");
}

TEST_F(PluginFiles, LoopsOfLinksAreRefused) {
  fs::create_symlink("two.so", folder_ / "one.so");
  fs::create_symlink("one.so", folder_ / "two.so");
  expect_refused(folder_ / "one.so", "form a loop", "name the file itself");
  fs::create_symlink("one.so", folder_ / "libplugrad_looped.so");
  const ScopedVariable path(path_variable, folder_.path().string());
  expect_refused([] { load_backend("looped"); }, (folder_ / "libplugrad_looped.so").string(), "form a loop",
                 "name the file");
}

TEST_F(PluginFiles, RelativePathsAreRefused) {
  expect_refused("libplugrad_good.so", "is relative", "absolute path");
  expect_refused("./libplugrad_good.so", "is relative", "absolute path");
  expect_refused("", "is relative", "absolute path");
}

TEST_F(PluginFiles, ThatAreNoFilesAreRefused) {
  expect_refused(folder_ / "absent.so", "cannot be reached", "check that the file is there");
  expect_refused(folder_.path(), "is not a regular file", "name the shared library");
  const fs::path pipe = folder_ / "pipe.so";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  expect_refused(pipe, "is not a regular file", "name the shared library");
  write(good_);
  expect_refused(file_ / "inside.so", "cannot be reached", "check that the file is there");
}

// ---- linked plugins ----

std::string manifest_of(const std::string& name, const std::string& op_set) {
  return R"({"plugrad": "backend", "name": ")" + name +
         R"(", "version": "1", "abi_major": )" PLUGRAD_TEXT(
             PLUGRAD_ABI_MAJOR) R"(, "abi_minor": )" PLUGRAD_TEXT(PLUGRAD_ABI_MINOR) R"(, "op_set": ")" +
         op_set + "\"}";
}

int32_t no_kernel(const plugrad_call*) { return PLUGRAD_OK; }

// Hands over every kernel but for one op's, which `skip` names.
std::string skip;
bool skip_gradient_only = false;
int32_t init_with_all(const plugrad_host* host) {
  for (const Row* row : all_ops()) {
    if (row->kind == OpKind::view) continue;
    const bool skipped = row->schema->name == skip;
    if (skipped && !skip_gradient_only) continue;
    if (const int32_t status =
            host->add_kernel(host->self, row->schema->name, no_kernel, skipped ? nullptr : no_kernel))
      return status;
  }
  return PLUGRAD_OK;
}

void link(const std::string& manifest, plugrad_init_function init) {
  link_backend({sizeof(plugrad_plugin), manifest.c_str(), init});
}

TEST(LinkedBackend, IsCheckedForCompleteness) {
  const std::string manifest = manifest_of("linked", "core-1");
  int checked = 0;
  for (const Row* row : all_ops()) {
    if (row->kind != OpKind::primitive || owner_of(*row) != "plugrad") continue;
    const OpSchema& s = *row->schema;
    const bool has_gradient =
        s.differentiability == Differentiability::differentiable && s.gradient_form == GradientForm::kernel;
    skip = s.name;
    skip_gradient_only = false;
    expect_refused([&] { link(manifest, init_with_all); }, "link_backend: linked",
                   skip + (has_gradient ? " (forward, gradient)" : " (forward)"), "PLUGRAD_ALLOW_INCOMPLETE");
    if (!has_gradient) continue;
    skip_gradient_only = true;
    expect_refused([&] { link(manifest, init_with_all); }, "link_backend: linked", skip + " (gradient)",
                   "write them");
    ++checked;
  }
  EXPECT_GT(checked, 10);
  skip.clear();
  link(manifest, init_with_all);
  EXPECT_TRUE(is_loaded("linked"));
  expect_refused([&] { link(manifest, init_with_all); }, "link_backend: linked",
                 "taken by the backend from linked", "");
}

TEST(LinkedBackend, MustBeWhole) {
  const std::string manifest = manifest_of("unused", "");
  expect_refused(
      [&] {
        link_backend({8, manifest.c_str(), init_with_all});
      },
      "link_backend", "incomplete", "build it");
  expect_refused([&] { link(manifest, nullptr); }, "link_backend", "incomplete", "build it");
  expect_refused(
      [&] {
        link_backend({sizeof(plugrad_plugin), nullptr, init_with_all});
      },
      "link_backend", "incomplete", "");
}

TEST(LinkedBackend, ManifestsAreChecked) {
  const auto refused = [](const std::string& text, const std::string& cause) {
    expect_refused([&] { link(text, init_with_all); }, "link_backend", cause, "");
  };
  const std::string rest =
      R"("abi_major": )" PLUGRAD_TEXT(PLUGRAD_ABI_MAJOR) R"(, "abi_minor": )" PLUGRAD_TEXT(PLUGRAD_ABI_MINOR);
  refused("", "not JSON");
  refused("{", "not JSON");
  refused("[1]", "not a JSON object");
  refused(R"({"plugrad": 1})", "\"plugrad\" in its manifest is not text but number");
  refused(R"({"plugrad": "backend", "version": "1", )" + rest + "}", "no \"name\"");
  refused(R"({"plugrad": "backend", "name": null, "version": "1", )" + rest + "}", "is not text but null");
  refused(R"({"plugrad": "backend", "name": "x", "version": "1", "abi_major": "0", "abi_minor": 1})",
          "not a whole number");
  refused(R"({"plugrad": "backend", "name": "x", "version": "1", "abi_major": 0.5, "abi_minor": 1})",
          "not a whole number");
  refused(R"({"plugrad": "backend", "name": "x", "version": "1", "abi_major": -1, "abi_minor": 1})",
          "not a whole number");
  refused(R"({"plugrad": "backend", "name": "x", "version": "1", "abi_major": 99999999999, "abi_minor": 1})",
          "whole number");
  refused(R"({"plugrad": "backend", "name": "x", "version": "1", "abi_major": 1e999, "abi_minor": 1})",
          "not JSON");
  refused(R"({"plugrad": "backend", "name": "x", "version": "1", )" + rest + "}", "no \"op_set\"");
  refused(manifest_of("../x", "core-1"), "'../x' in its manifest cannot be a backend's name");
  refused(std::string(60000, '['), "not JSON");
}

int32_t init_with_two(const plugrad_host* host) {
  for (const char* op : {"exp", "relu", "tanh", "log"})
    if (const int32_t status = host->add_kernel(host->self, op, no_kernel, no_kernel)) return status;
  return PLUGRAD_OK;
}

TEST(LinkedBackend, MeetsKernelsThatTheProgramRegistered) {
  const ScopedVariable allow(incomplete_variable, "1");
  register_kernels("relu", "contested", {no_kernel, nullptr});
  expect_refused([] { link(manifest_of("contested", ""), init_with_two); }, "link_backend: contested",
                 "has registered its own kernels for relu on contested", "after the backend is loaded");
}

const plugrad_host* kept_host = nullptr;
int32_t init_that_keeps_its_host(const plugrad_host* host) {
  kept_host = host;
  return PLUGRAD_OK;
}

TEST(LinkedBackend, CannotAddKernelsLater) {
  const ScopedVariable allow(incomplete_variable, "1");
  link(manifest_of("keeps_its_host", ""), init_that_keeps_its_host);
  const Snapshot before = snapshot();
  EXPECT_EQ(kept_host->add_kernel(kept_host->self, "relu", no_kernel, no_kernel), PLUGRAD_FAILED);
  EXPECT_TRUE(snapshot() == before);
}

int32_t init_that_needs_memory(const plugrad_host* host) {
  const auto count = [](void*, int32_t*) { return int32_t{PLUGRAD_OK}; };
  plugrad_memory memory{};
  memory.size = sizeof memory;
  memory.device_type = kDLCPU;
  memory.device_count = count;
  return host->set_memory(host->self, &memory);
}

TEST(LinkedBackend, InHostMemoryHasNoMemoryFunctions) {
  expect_refused([] { link(manifest_of("own_memory", ""), init_that_needs_memory); },
                 "link_backend: own_memory", "functions for host memory", "its author");
}

}  // namespace
}  // namespace plugrad::tests
