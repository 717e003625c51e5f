#include "tandem/passes/traffic.h"

#include <algorithm>

#include "tandem/passes/view.h"

namespace tandem::passes {
namespace {

// Elements that an operand shows, those that repeat once.
int64_t distinct_elements(const Plan& plan, const Operand& operand, std::span<const int64_t> dims) {
  const Value& value = plan.values[operand.value];
  Layout layout;
  layout.shape = Shape(dims.subspan(value.first_dim, value.rank));
  layout.strides = row_major_strides(layout.shape);
  for (const ViewStep& step : operand.views) {
    if (apply(step, dims, {}, layout)) continue;
    // Only the strides of the leaf at hand could express it.
    layout.shape = Shape(dims.subspan(step.first_dim, step.rank));
    layout.strides = row_major_strides(layout.shape);
  }
  int64_t count = 1;
  for (size_t axis = 0; axis < layout.shape.size(); ++axis) {
    if (layout.strides[axis] != 0 || layout.shape[axis] == 0) count *= layout.shape[axis];
  }
  return count;
}

// Points at which a kernel reads or writes the operand.
int64_t points(const Instruction& instruction, const Operand& operand,
               std::span<const int64_t> dims) {
  const size_t axes = instruction.axes.size() - (operand.row ? instruction.reduced_rank : 0u);
  int64_t count = 1;
  for (size_t i = 0; i < axes; ++i) count *= dims[instruction.first_dim + instruction.axes[i]];
  return count;
}

}  // namespace

Traffic traffic_of(const Plan& plan, const Instruction& instruction,
                   std::span<const int64_t> dims) {
  Traffic traffic;
  for (const Operand& operand : instruction.buffers) {
    // A call is told which part of its result it leaves alone.
    if (instruction.kind == Instruction::library && operand.part && !operand.views.empty()) {
      continue;
    }
    const auto size = static_cast<int64_t>(size_of(plan.values[operand.value].dtype));
    int64_t elements = distinct_elements(plan, operand, dims);
    if (operand.gathered) elements = std::min(elements, points(instruction, operand, dims));
    (operand.written ? traffic.written : traffic.read) += elements * size;
  }
  return traffic;
}

Traffic traffic_of(const Plan& plan, std::span<const int64_t> dims) {
  Traffic total;
  for (const Instruction& instruction : plan.instructions) {
    const Traffic traffic = traffic_of(plan, instruction, dims);
    total.read += traffic.read;
    total.written += traffic.written;
  }
  return total;
}

}  // namespace tandem::passes
