// Devices: their names, the default one, their memory through a backend's functions, and the number of
// threads.
#include <gtest/gtest.h>
#include <sched.h>

#include <thread>

#include "plugrad/core/array.h"
#include "plugrad/core/backend.h"
#include "plugrad/ops/ops.h"
#include "plugrad/tests/core/simulated_backend.h"
#include "plugrad/tests/support/temp_files.h"

namespace plugrad::tests {
namespace {

using testing::ExitedWithCode;

// What holds once in a process is tried in one of its own: `condition` must be true there.
#define EXPECT_IN_NEW_PROCESS(condition)                                 \
  do {                                                                   \
    GTEST_FLAG_SET(death_test_style, "threadsafe");                      \
    EXPECT_EXIT(std::_Exit((condition) ? 0 : 1), ExitedWithCode(0), ""); \
  } while (false)

// ---- names ----

TEST(Device, IsNamedByBackendAndNumber) {
  EXPECT_EQ(to_string(parse_device("cpu")), "cpu");
  EXPECT_EQ(to_string(parse_device("cpu:0")), "cpu");
  EXPECT_EQ(to_string(parse_device("not_loaded:12")), "not_loaded:12");
  EXPECT_EQ(to_string(Device{}), "cpu");
  EXPECT_EQ(parse_device("not_loaded:255").ordinal, 255);
  EXPECT_EQ(parse_device("not_loaded:1"), parse_device("not_loaded:1"));
  EXPECT_NE(parse_device("not_loaded:1"), parse_device("not_loaded:2"));
  EXPECT_NE(parse_device("not_loaded:1"), parse_device("cpu:1"));
}

TEST(Device, OfManyIsAlwaysNumbered) {
  simulated_backend();
  EXPECT_EQ(to_string(parse_device("simulated")), "simulated:0");
  EXPECT_EQ(to_string(parse_device("simulated:1")), "simulated:1");
}

TEST(Device, NamesOfAnotherFormAreRefused) {
  for (const char* text : {"", ":", ":1", "cpu:", "cpu:-1", "cpu:256", "cpu:1x", "cpu: 1", "CPU", "c pu",
                           "1cpu", "../cpu", "cpu:1:2", "_cpu"}) {
    const std::string message = message_of<DeviceError>([&] { parse_device(text); });
    EXPECT_EQ(message.find(std::string("parse_device: '") + text + "' is not a device"), 0u) << message;
  }
}

TEST(Device, NamesAreInternedOnceByAllThreads) {
  constexpr int n = 8;
  Device found[n];
  std::vector<std::thread> threads;
  for (int i = 0; i < n; ++i) threads.emplace_back([&found, i] { found[i] = parse_device("raced_for:3"); });
  for (std::thread& t : threads) t.join();
  for (const Device d : found) EXPECT_EQ(d, found[0]);
}

std::string message_of_too_many() {
  return message_of<DeviceError>([] {
    for (int i = 0; i <= max_backends; ++i) parse_device("backend_" + std::to_string(i));
  });
}
TEST(DeviceDeathTest, TooManyNamesAreAnError) {
  EXPECT_IN_NEW_PROCESS(message_of_too_many().find("no room for another backend") != std::string::npos &&
                        to_string(parse_device("backend_1")) == "backend_1");
}

// ---- what is not loaded ----

TEST(Device, OfABackendThatIsNotLoadedHoldsNothing) {
  const Device d = parse_device("not_loaded");
  EXPECT_THROW(Array::empty(Shape{2}, float32, d), DeviceError);
  EXPECT_THROW(Array::from_data(std::vector<float>{1}, {1}).to(d), DeviceError);
  EXPECT_THROW(synchronize(d), DeviceError);
  EXPECT_EQ(message_of<DeviceError>([] { device_count("never_named"); }),
            "device_count: backend never_named is not loaded");
  EXPECT_FALSE(is_loaded("not_loaded"));
  EXPECT_FALSE(is_loaded("never_named"));
}

// ---- the default ----

class DefaultDevice : public testing::Test {
 protected:
  DefaultDevice() { simulated_backend(); }
  void TearDown() override { set_default_device("cpu"); }
};

TEST_F(DefaultDevice, IsWhatWasSet) {
  set_default_device("simulated:1");
  EXPECT_EQ(to_string(default_device()), "simulated:1");
  EXPECT_EQ(Array::from_data<float>({1}).device(), parse_device("simulated:1"));
}

TEST_F(DefaultDevice, StaysWhereTheNewOneIsNot) {
  set_default_device("simulated");
  EXPECT_THROW(set_default_device("no_such_backend"), PluginError);
  EXPECT_THROW(set_default_device("Simulated"), DeviceError);
  EXPECT_EQ(message_of<DeviceError>([] { set_default_device("simulated:2"); }),
            "set_default_device: simulated:2: backend simulated has 2 devices");
  EXPECT_EQ(to_string(default_device()), "simulated:0");
}

TEST(DefaultDeviceDeathTest, IsTheCpu) {
  const ScopedVariable none("PLUGRAD_BACKEND", std::nullopt);
  EXPECT_IN_NEW_PROCESS(!is_loaded("cpu") && to_string(default_device()) == "cpu" && is_loaded("cpu"));
}

TEST(DefaultDeviceDeathTest, IsTheEnvironments) {
  const ScopedVariable wanted("PLUGRAD_BACKEND", "simulated:1");
  EXPECT_IN_NEW_PROCESS((simulated_backend(), to_string(default_device())) == "simulated:1");
}

TEST(DefaultDeviceDeathTest, OfTheEnvironmentMustExist) {
  const ScopedVariable wanted("PLUGRAD_BACKEND", "no_such_backend");
  EXPECT_IN_NEW_PROCESS(message_of<PluginError>([] { default_device(); }).find("no_such_backend") !=
                        std::string::npos);
  const ScopedVariable malformed("PLUGRAD_BACKEND", "cpu:x");
  EXPECT_IN_NEW_PROCESS(
      message_of<DeviceError>([] { default_device(); }).find("PLUGRAD_BACKEND: 'cpu:x' is not") == 0);
}

TEST(DefaultDeviceDeathTest, CanBeSetAfterTheEnvironmentsFailed) {
  const ScopedVariable wanted("PLUGRAD_BACKEND", "no_such_backend");
  EXPECT_IN_NEW_PROCESS((message_of<PluginError>([] { default_device(); }), simulated_backend(),
                         set_default_device("simulated"), to_string(default_device())) == "simulated:0");
}

// ---- memory ----

class DeviceMemory : public testing::Test {
 protected:
  ~DeviceMemory() override {
    state_.fail = false;
    state_.stream = simulated_stream();
  }
  SimulatedState& state_ = simulated_backend();
  const Device device_ = parse_device("simulated:1");
};

TEST_F(DeviceMemory, HoldsArrays) {
  EXPECT_EQ(device_count(simulated_name), 2);
  const int64_t allocated = state_.allocations, released = state_.deallocations;
  {
    const std::vector<double> values{1, -2, 3.5};
    const Array x = Array::from_data(std::span<const double>(values), {3}, device_);
    EXPECT_EQ(x.to_vector<double>(), values);
    EXPECT_THROW(x.data<double>(), DeviceError);
    EXPECT_EQ(state_.allocations, allocated + 1);
  }
  EXPECT_EQ(state_.deallocations, released + 1);
}

TEST_F(DeviceMemory, IsWaitedFor) {
  const int64_t before = state_.synchronisations;
  synchronize(device_);
  EXPECT_EQ(state_.synchronisations, before + 1);
}

TEST_F(DeviceMemory, FailuresAreDeviceErrorsWithTheBackendsWords) {
  const Array x = Array::from_data(std::span<const float>(std::vector<float>{1}), {1}, device_);
  state_.fail = true;
  EXPECT_EQ(message_of<DeviceError>([&] { synchronize(device_); }),
            "synchronize on simulated:1: simulated failure");
  EXPECT_EQ(message_of<DeviceError>([&] { x.item(); }), "copy on simulated:1: simulated failure");
  EXPECT_EQ(message_of<DeviceError>([&] { device_count(simulated_name); }),
            "device_count on simulated:0: simulated failure");
}

TEST_F(DeviceMemory, RunningOutNamesTheDevice) {
  const std::string message =
      message_of<DeviceError>([&] { Array::empty(Shape{int64_t{1} << 30}, float32, device_); });
  EXPECT_EQ(message.find("simulated:1: out of memory"), 0u) << message;
  EXPECT_NE(message.find("the simulated device is full"), std::string::npos) << message;
}

TEST_F(DeviceMemory, OfAnotherStreamIsSharedBeforeItIsTouched) {
  const Array x = Array::from_data(std::span<const float>(std::vector<float>{1, 2}), {2}, device_);
  state_.shared.clear();
  const Array own = copy(x);
  EXPECT_TRUE(state_.shared.empty()) << "one stream needs no order";

  int other = 0;
  state_.stream = &other;
  const Array copied = copy(x);
  EXPECT_EQ(state_.shared, std::vector<void*>{x.tensor().data}) << "the output belongs to the new stream";
  EXPECT_EQ(x.to_vector<float>(), (std::vector<float>{1, 2}));
  EXPECT_EQ(state_.shared.size(), 2u) << "copies to the host are work of a stream, too";

  state_.stream = simulated_stream();
  copy(x);
  EXPECT_EQ(state_.shared.size(), 3u) << "the other stream may have written since";
  copy(own);
  EXPECT_EQ(state_.shared.size(), 3u);
}

TEST_F(DeviceMemory, ThatCannotBeSharedStopsTheOp) {
  const Array x = Array::from_data(std::span<const float>(std::vector<float>{1}), {1}, device_);
  int other = 0;
  state_.stream = &other;
  state_.fail = true;
  EXPECT_EQ(message_of<DeviceError>([&] { x.item(); }), "share on simulated:1: simulated failure");
}

TEST_F(DeviceMemory, HasStatistics) {
  const MemoryStatistics s = memory_statistics(device_);
  EXPECT_EQ(s.total, static_cast<int64_t>(simulated_memory_limit));
  EXPECT_EQ(s.allocations, state_.allocations);
  EXPECT_EQ(s.in_use, -1) << "what the backend cannot tell";
  const int64_t before = state_.cache_releases;
  release_cached_memory(device_);
  EXPECT_EQ(state_.cache_releases, before + 1);
}

TEST(Device, OfNoBackendIsAnError) {
  const Device none{77, 0};
  EXPECT_THROW(Array::empty(Shape{2}, float32, none), DeviceError);
  EXPECT_THROW(synchronize(none), DeviceError);
  EXPECT_THROW(memory_statistics(none), DeviceError);
  EXPECT_EQ(message_of<DeviceError>([&] { full({2}, 1, float32, none); }), "full: no backend has number 77");
}

TEST(HostMemory, HasStatistics) {
  bare_backend();
  const Device host = parse_device(bare_name);
  { const Array x = Array::empty(Shape{1000}, float32, host); }
  const MemoryStatistics s = memory_statistics(host);
  EXPECT_GE(s.upstream_allocations, 1);
  release_cached_memory(host);
  EXPECT_EQ(memory_statistics(host).cached, 0);
  EXPECT_EQ(s.total, -1);
}

TEST(HostMemory, NeedsNoFunctions) {
  bare_backend();
  EXPECT_EQ(device_count(bare_name), 1);
  synchronize(parse_device(bare_name));
}

// ---- threads ----

class Threads : public testing::Test {
 protected:
  ~Threads() override { set_num_threads(before_); }
  const int before_ = num_threads();
};

TEST_F(Threads, AreAsManyAsSet) {
  set_num_threads(3);
  EXPECT_EQ(num_threads(), 3);
  EXPECT_EQ(message_of<Error>([] { set_num_threads(0); }), "set_num_threads: 0 threads: expected at least 1");
  EXPECT_THROW(set_num_threads(-1), Error);
  EXPECT_EQ(num_threads(), 3);
}

TEST(ThreadsDeathTest, AreAsManyAsTheEnvironmentSays) {
  const ScopedVariable wanted("PLUGRAD_NUM_THREADS", "5");
  EXPECT_IN_NEW_PROCESS(num_threads() == 5);
}

int cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 0;
}
TEST(ThreadsDeathTest, AreOnePerCore) {
  const ScopedVariable none("PLUGRAD_NUM_THREADS", std::nullopt);
  EXPECT_IN_NEW_PROCESS(num_threads() == cores());
}

TEST(ThreadsDeathTest, OfTheEnvironmentMustBeANumber) {
  for (const char* text : {"0", "-2", "two", "3 ", "1e3", "99999999999"}) {
    const ScopedVariable wanted("PLUGRAD_NUM_THREADS", text);
    EXPECT_IN_NEW_PROCESS(message_of<Error>([] { num_threads(); }).find("PLUGRAD_NUM_THREADS: '") == 0);
    EXPECT_IN_NEW_PROCESS(message_of<Error>([] { bare_backend(); }).find("PLUGRAD_NUM_THREADS: '") == 0 &&
                          !is_loaded(bare_name));
  }
}

}  // namespace
}  // namespace plugrad::tests
