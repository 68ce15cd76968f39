// Makes operator new fail when a test says so, in the whole program that links it.
#pragma once

namespace plugrad::tests {

// How many allocations of this thread succeed before all others fail; negative: every one succeeds.
extern thread_local int successes_left;

}  // namespace plugrad::tests
