// How a thread of a kernel is named in a report.
#include "plugrad/tests/cuda_emulation/place.h"

#include <cxxabi.h>
#include <fmt/format.h>

#include <cstdlib>
#include <memory>

#include "plugrad/tests/cuda_emulation/block.h"
#include "plugrad/tests/cuda_emulation/demangle.h"

namespace plugrad::cuda_emulation {

std::string demangle(const std::string& name) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> text(
      abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status), &std::free);
  return status == 0 ? text.get() : name;
}

// The innermost function's line, and where it was inlined; of CUDA's own headers only the latter says
// something.
std::string source_line(const Block& block, const DeviceThread& thread) {
  const ptx::Function& function = *thread.call->function;
  const auto at = static_cast<size_t>(&thread.current() - function.code.data());
  const ptx::SourceLine line = at < function.lines.size() ? function.lines[at] : ptx::SourceLine{};
  if (line.line == 0) return "an unknown line";
  const auto file = [&](uint32_t n) {
    return n < block.launch().files->size() ? (*block.launch().files)[n] : "?";
  };
  const auto base_name = [](const std::string& path) { return path.substr(path.rfind('/') + 1); };
  std::string inner = fmt::format("{}:{}", base_name(file(line.file)), line.line);
  if (line.caller_line == 0) return inner;
  const std::string outer = fmt::format("{}:{}", base_name(file(line.caller_file)), line.caller_line);
  const bool of_toolkit = file(line.file).find("/include/") != std::string::npos;
  return of_toolkit ? fmt::format("{} (in {})", outer, inner)
                    : fmt::format("{}, inlined at {}", inner, outer);
}

std::string KernelPlace::key() const {
  const DeviceThread* thread = block_.current();
  return block_.launch().name + "\n" + (thread ? source_line(block_, *thread) : "");
}

std::string KernelPlace::describe() const {
  std::string text = demangle(block_.launch().name);
  const DeviceThread* thread = block_.current();
  if (!thread) return text;
  const uint3 t = thread->tid;
  const uint3 b = block_.index();
  return fmt::format("{}, {}, thread ({},{},{}), block ({},{},{})", text, source_line(block_, *thread), t.x,
                     t.y, t.z, b.x, b.y, b.z);
}

}  // namespace plugrad::cuda_emulation
