// The instruction sets that the vector loops are compiled for; to be included before Highway. Of each kernel
// the best that the processor has is chosen at its first call; until then nothing beyond the baseline runs.
//
// The baseline needs no more than the compiler's flags allow (SSE2); then come SSE4, AVX2 with FMA, and
// AVX-512.
#pragma once

#ifdef PLUGRAD_FEW_CPU_TARGETS
// For builds that are to be quick: the baseline, and what most machines choose.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4 | HWY_AVX3 | HWY_AVX3_DL)
#else
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3_DL)
#endif
