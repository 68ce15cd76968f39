#include "plugrad/tests/caching_allocator/trace.h"

#include <fstream>
#include <set>
#include <sstream>
#include <stdexcept>

namespace plugrad::tests {

namespace {

// False where the line is none of a trace, or its id is not as it should be.
bool parse(const std::string& text, std::set<uint32_t>& live, TraceLine& line) {
  std::istringstream in(text);
  std::string kind;
  in >> kind;
  if (kind == "step") {
    line = {TraceLine::step};
  } else if (kind == "a") {
    line = {TraceLine::allocate};
    in >> line.id >> line.bytes;
    if (in && !live.insert(line.id).second) return false;
  } else if (kind == "f") {
    line = {TraceLine::deallocate};
    in >> line.id;
    if (in && live.erase(line.id) == 0) return false;
  } else {
    return false;
  }
  return !in.fail();
}

}  // namespace

std::vector<TraceLine> read_trace(const std::string& file) {
  std::ifstream in(file);
  if (!in) throw std::runtime_error(file + ": can't be opened");
  std::vector<TraceLine> trace;
  std::set<uint32_t> live;
  for (std::string text; std::getline(in, text);)
    if (!parse(text, live, trace.emplace_back())) {
      std::ostringstream what;
      what << file << ':' << trace.size() << ": not a line of a trace: " << text;
      throw std::runtime_error(what.str());
    }
  return trace;
}

}  // namespace plugrad::tests
