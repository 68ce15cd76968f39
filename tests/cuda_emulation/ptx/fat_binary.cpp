// The layout is not documented by NVIDIA; it is what the tools of CUDA 13.0 write.
#include "plugrad/tests/cuda_emulation/ptx/fat_binary.h"

#include <fmt/format.h>
#include <zstd.h>

#include <cstring>

#include "plugrad/tests/cuda_emulation/ptx/lexer.h"

namespace plugrad::cuda_emulation::ptx {
namespace {

struct Wrapper {
  uint32_t magic;
  uint32_t version;
  const unsigned char* data;
  const void* names;
};
constexpr uint32_t kWrapperMagic = 0x466243b1;

struct Header {
  uint32_t magic;
  uint16_t version;
  uint16_t header_bytes;
  uint64_t bytes;
};
constexpr uint32_t kMagic = 0xba55ed50;

struct ImageHeader {
  uint16_t kind;
  uint16_t version;
  uint32_t header_bytes;
  uint64_t padded_bytes;
  uint32_t compressed_bytes;
  uint32_t unused;
  uint16_t minor, major;
  uint32_t architecture;
  uint32_t name_offset, name_bytes;
  uint64_t flags;
  uint64_t reserved;
  uint64_t uncompressed_bytes;
};
static_assert(sizeof(ImageHeader) == 64);
constexpr uint16_t kPtx = 1;
constexpr uint64_t kCompressedFlags = 0xf000;

}  // namespace

std::vector<PtxImage> find_ptx_images(const void* container) {
  Wrapper wrapper;
  std::memcpy(&wrapper, container, sizeof wrapper);
  Header header;
  if (wrapper.magic != kWrapperMagic)
    throw Unsupported(fmt::format("a fat binary of magic {:#x}", wrapper.magic));
  std::memcpy(&header, wrapper.data, sizeof header);
  if (header.magic != kMagic) throw Unsupported(fmt::format("a fat binary of magic {:#x}", header.magic));
  std::vector<PtxImage> images;
  const unsigned char* p = wrapper.data + header.header_bytes;
  for (const unsigned char* end = p + header.bytes; p < end;) {
    ImageHeader image;
    std::memcpy(&image, p, sizeof image);
    const uint64_t bytes = image.compressed_bytes ? image.compressed_bytes : image.padded_bytes;
    if (image.kind == kPtx)
      images.push_back({image.architecture, p + image.header_bytes, bytes,
                        image.flags & kCompressedFlags ? image.uncompressed_bytes : 0});
    p += image.header_bytes + image.padded_bytes;
  }
  return images;
}

std::string read_ptx(const PtxImage& image) {
  const auto* plain = reinterpret_cast<const char*>(image.data);
  if (image.uncompressed == 0) return std::string(plain, strnlen(plain, image.bytes));
  std::string text(image.uncompressed, '\0');
  const size_t size = ZSTD_decompress(text.data(), text.size(), image.data, image.bytes);
  if (ZSTD_isError(size))
    throw Unsupported(
        fmt::format("the PTX for compute_{} is compressed, and not by zstd ({}): build with "
                    "--compress-mode=balance, size or none",
                    image.architecture, ZSTD_getErrorName(size)));
  text.resize(strnlen(text.data(), size));
  return text;
}

}  // namespace plugrad::cuda_emulation::ptx
