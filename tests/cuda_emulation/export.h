// Marks what the emulated libraries offer each other and the tests; everything else in them is hidden.
#pragma once

#define PLUGRAD_CUDA_EMULATION_API __attribute__((visibility("default")))
