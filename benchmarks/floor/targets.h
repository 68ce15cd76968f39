// The instruction sets that the loops are compiled for, whatever the backend's are; to be included before
// Highway. The best that the processor has is chosen at run time.
#pragma once

#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4 | HWY_AVX3_DL)
