#include "plugrad/tests/caching_allocator/failing_new.h"

#include <cstdlib>
#include <new>

namespace plugrad::tests {

thread_local int successes_left = -1;

}  // namespace plugrad::tests

void* operator new(size_t bytes) {
  using plugrad::tests::successes_left;
  if (successes_left == 0) throw std::bad_alloc();
  if (successes_left > 0) --successes_left;
  if (void* p = std::malloc(bytes ? bytes : 1)) return p;
  throw std::bad_alloc();
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, size_t) noexcept { std::free(p); }
