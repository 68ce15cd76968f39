// The names and sizes of the types.
#include "plugrad/tests/cuda_emulation/ptx/types.h"

#include <array>

namespace plugrad::cuda_emulation::ptx {
namespace {

struct Row {
  std::string_view name;
  uint8_t size;
};
constexpr std::array<Row, 19> kTypes = {{{"b8", 1},
                                         {"b16", 2},
                                         {"b32", 4},
                                         {"b64", 8},
                                         {"u8", 1},
                                         {"u16", 2},
                                         {"u32", 4},
                                         {"u64", 8},
                                         {"s8", 1},
                                         {"s16", 2},
                                         {"s32", 4},
                                         {"s64", 8},
                                         {"f16", 2},
                                         {"f16x2", 4},
                                         {"bf16", 2},
                                         {"bf16x2", 4},
                                         {"f32", 4},
                                         {"f64", 8},
                                         {"pred", 1}}};

}  // namespace

std::optional<Type> parse_type(std::string_view name) {
  for (size_t i = 0; i < kTypes.size(); ++i)
    if (kTypes[i].name == name) return static_cast<Type>(i);
  return std::nullopt;
}

uint8_t size_of(Type type) { return kTypes[static_cast<size_t>(type)].size; }
bool is_float(Type type) { return type >= Type::F16 && type <= Type::F64; }
bool is_signed(Type type) { return type >= Type::S8 && type <= Type::S64; }

}  // namespace plugrad::cuda_emulation::ptx
