// The container in which nvcc embeds machine code and PTX: which images it holds, and the text of one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace plugrad::cuda_emulation::ptx {

struct PtxImage {
  uint32_t architecture;  // 75
  const unsigned char* data;
  uint64_t bytes;
  uint64_t uncompressed;  // 0: it is plain text
};

// `container` is what __cudaRegisterFatBinary was given. Throws Unsupported when it is no fat binary.
std::vector<PtxImage> find_ptx_images(const void* container);

// Throws Unsupported when it cannot be decompressed.
std::string read_ptx(const PtxImage& image);

}  // namespace plugrad::cuda_emulation::ptx
