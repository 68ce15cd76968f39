// What a shared library of ours shows to the outside, and hints for code that hardly ever runs.
#pragma once

#define PLUGRAD_PUBLIC __attribute__((visibility("default")))
#define PLUGRAD_COLD __attribute__((cold, noinline))
