#include "plugrad/core/cells.h"

#include <algorithm>
#include <iterator>

namespace plugrad {

namespace {

bool has_gradient_kernels(const OpSchema& s) {
  return s.differentiability == Differentiability::differentiable && s.gradient_form == GradientForm::kernel;
}
bool any_composition(const OpSchema& s) {
  return std::any_of(std::begin(s.gradient), std::end(s.gradient),
                     [](const InputGradient& g) { return g.composition != nullptr; });
}

}  // namespace

std::string_view to_string(CellState state) {
  constexpr std::string_view texts[] = {"", "kernel", "view", "trivial", "composed", "-"};
  return texts[static_cast<size_t>(state)];
}

CellState forward_state(const OpSchema& op, Cell cell) {
  if (op.kind == OpKind::view) return CellState::view;
  if (cell.forward) return CellState::kernel;
  return op.composition ? CellState::composed : CellState::missing;
}

CellState gradient_state(const OpSchema& op, Cell cell) {
  if (op.differentiability != Differentiability::differentiable) return CellState::none;
  if (op.gradient_form == GradientForm::trivial) return CellState::trivial;
  if (cell.gradient) return CellState::kernel;
  return any_composition(op) ? CellState::composed : CellState::missing;
}

bool needs_forward_kernel(const OpSchema& op) { return op.kind == OpKind::primitive; }
bool needs_gradient_kernel(const OpSchema& op) {
  return op.kind == OpKind::primitive && has_gradient_kernels(op);
}

}  // namespace plugrad
