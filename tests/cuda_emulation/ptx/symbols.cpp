// Slots are given out when a name is first used: registers upwards from 0, all else downwards from -1.
#include "plugrad/tests/cuda_emulation/ptx/symbols.h"

#include <algorithm>

#include "plugrad/tests/cuda_emulation/shared_memory.h"

namespace plugrad::cuda_emulation::ptx {
namespace {

const std::unordered_map<std::string_view, Special>& special_registers() {
  static const auto* const all =
      new std::unordered_map<std::string_view, Special>{{"%tid.x", Special::TidX},
                                                        {"%tid.y", Special::TidY},
                                                        {"%tid.z", Special::TidZ},
                                                        {"%ntid.x", Special::NtidX},
                                                        {"%ntid.y", Special::NtidY},
                                                        {"%ntid.z", Special::NtidZ},
                                                        {"%ctaid.x", Special::CtaidX},
                                                        {"%ctaid.y", Special::CtaidY},
                                                        {"%ctaid.z", Special::CtaidZ},
                                                        {"%nctaid.x", Special::NctaidX},
                                                        {"%nctaid.y", Special::NctaidY},
                                                        {"%nctaid.z", Special::NctaidZ},
                                                        {"%laneid", Special::LaneId},
                                                        {"%warpid", Special::WarpId},
                                                        {"%nwarpid", Special::NwarpId},
                                                        {"%lanemask_eq", Special::LaneMaskEq},
                                                        {"%lanemask_lt", Special::LaneMaskLt},
                                                        {"%lanemask_le", Special::LaneMaskLe},
                                                        {"%lanemask_gt", Special::LaneMaskGt},
                                                        {"%lanemask_ge", Special::LaneMaskGe},
                                                        {"%smid", Special::SmId},
                                                        {"%nsmid", Special::NsmId},
                                                        {"%dynamic_smem_size", Special::DynamicSharedSize},
                                                        {"%gridid", Special::GridId}};
  return *all;
}

uint32_t place(uint32_t& end, const Declaration& d) {
  const uint32_t begin = (end + d.alignment - 1) / d.alignment * d.alignment;
  end = begin + static_cast<uint32_t>(d.bytes);
  return begin;
}

}  // namespace

void Symbols::declare_registers(std::string_view prefix) { prefixes_[prefix] = true; }

void Symbols::declare_register(std::string_view name) {
  if (!registers_.contains(name)) registers_[name] = scratch();
}

void Symbols::declare_local(const Declaration& d) {
  const Slot slot = new_constant(0);
  function_.local_addresses.emplace_back(slot, place(function_.local_bytes, d));
  locals_[d.name] = slot;
}

void Symbols::declare_shared(const Declaration& d) { shared_[d.name] = module_.place_shared(d); }

uint32_t Symbols::declare_parameter(const Declaration& d) {
  return parameters_[d.name] = place(function_.frame_bytes, d);
}

std::optional<uint32_t> Symbols::parameter(std::string_view name) const {
  auto it = parameters_.find(name);
  return it == parameters_.end() ? std::nullopt : std::optional(it->second);
}

Slot Symbols::new_constant(uint64_t value) {
  function_.constants.push_back(value);
  return -static_cast<Slot>(function_.constants.size());
}

Slot Symbols::constant(uint64_t value) {
  auto [it, fresh] = constants_.try_emplace(value, 0);
  if (fresh) it->second = new_constant(value);
  return it->second;
}

std::optional<Slot> Symbols::find_register(std::string_view name) {
  if (auto it = registers_.find(name); it != registers_.end()) return it->second;
  const size_t digits = name.find_last_not_of("0123456789") + 1;
  if (digits == name.size() || !prefixes_.contains(name.substr(0, digits))) return std::nullopt;
  return registers_[name] = scratch();
}

std::optional<Slot> Symbols::find_special(std::string_view name) {
  if (auto it = specials_.find(name); it != specials_.end()) return it->second;
  auto special = special_registers().find(name);
  if (special == special_registers().end()) return std::nullopt;
  const Slot slot = new_constant(0);
  function_.specials.emplace_back(slot, special->second);
  return specials_[name] = slot;
}

void Symbols::use_shared(const SharedRange& range) {
  const auto same = [&](const SharedRange& r) { return r.offset == range.offset; };
  if (std::none_of(function_.shared.begin(), function_.shared.end(), same)) function_.shared.push_back(range);
}

std::optional<uint64_t> Symbols::find_variable(std::string_view name) {
  if (auto it = parameters_.find(name); it != parameters_.end()) return it->second;
  auto own = shared_.find(name);
  if (const SharedRange* range = own != shared_.end() ? &own->second : module_.shared(name)) {
    use_shared(*range);
    return range->offset;
  }
  if (module_.is_dynamic_shared(name)) return kDynamicShared;
  if (Module::Variable* variable = module_.variable(name)) return module_.address(*variable);
  return std::nullopt;
}

std::optional<Symbols::Value> Symbols::find(std::string_view name) {
  if (const auto slot = find_register(name)) return Value{*slot, false, 0};
  if (const auto slot = find_special(name)) return Value{*slot, false, 0};
  if (auto it = locals_.find(name); it != locals_.end()) return Value{it->second, false, 0};
  if (const auto value = find_variable(name)) return Value{constant(*value), true, *value};
  return std::nullopt;
}

void Symbols::finish() { std::reverse(function_.constants.begin(), function_.constants.end()); }

}  // namespace plugrad::cuda_emulation::ptx
