#include "tandem/passes/view.h"

#include <algorithm>

#include "tandem/base/check.h"

namespace tandem::passes {
namespace {

using graph::Structured;

void transpose(const ViewStep& step, Layout& layout) {
  Shape shape;
  Strides strides;
  for (const int64_t axis : step.attributes->words) {
    shape.push_back(layout.shape[static_cast<size_t>(axis)]);
    strides.push_back(layout.strides[static_cast<size_t>(axis)]);
  }
  layout.shape = std::move(shape);
  layout.strides = std::move(strides);
}

void slice(const ViewStep& step, Dims target, std::span<const uint64_t> params, Layout& layout) {
  for (size_t i = 0; i < target.size(); ++i) {
    if (!params.empty()) {
      layout.offset += static_cast<int64_t>(params[step.first_param + i]) * layout.strides[i];
    }
    layout.strides[i] *= step.attributes->words[i];
  }
  layout.shape = Shape(target);
}

void broadcast(Dims target, Layout& layout) {
  Strides strides(target.size(), 0);
  const size_t added = target.size() - layout.shape.size();
  for (size_t i = added; i < target.size(); ++i) {
    if (layout.shape[i - added] == target[i]) strides[i] = layout.strides[i - added];
  }
  layout.shape = Shape(target);
  layout.strides = std::move(strides);
}

bool reshape(Dims target, Layout& layout) {
  Strides strides;
  if (!reshape_strides(layout.shape, layout.strides, target, strides)) return false;
  layout.shape = Shape(target);
  layout.strides = std::move(strides);
  return true;
}

// Of the source of a gather: how far it moves along an axis of the gather's result.
int64_t stride_along(const Operand& operand, const Layout& layout, size_t axis) {
  const auto& words = operand.gathered->words;
  int64_t stride = 0;
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i] == static_cast<int64_t>(axis) && layout.shape[i] != 1) stride += layout.strides[i];
  }
  return stride;
}

}  // namespace

std::pair<int64_t, int64_t> gathered_axis(const Operand& operand, const Layout& layout) {
  const auto& words = operand.gathered->words;
  const auto axis = static_cast<size_t>(
      std::find(words.begin(), words.end(), graph::kGatheredAxis) - words.begin());
  TANDEM_CHECK(axis < words.size(), "no axis is gathered");
  return {layout.shape[axis], layout.strides[axis]};
}

bool apply(const ViewStep& step, std::span<const int64_t> dims, std::span<const uint64_t> params,
           Layout& layout) {
  const Dims target = dims.subspan(step.first_dim, step.rank);
  switch (step.op.structured()) {
    case Structured::transpose:
      transpose(step, layout);
      return true;
    case Structured::slice:
      slice(step, target, params, layout);
      return true;
    case Structured::broadcast:
      broadcast(target, layout);
      return true;
    default:
      return reshape(target, layout);
  }
}

void apply(const Views& views, std::span<const int64_t> dims, std::span<const uint64_t> params,
           Layout& layout) {
  for (const ViewStep& step : views) {
    const bool expressible = apply(step, dims, params, layout);
    TANDEM_CHECK(expressible, "a guard of the plan did not hold");
  }
}

int64_t row_length(const RowGuard& guard, std::span<const int64_t> dims) {
  int64_t length = 1;
  for (uint32_t axis = 0; axis < guard.rank; ++axis) {
    if (guard.reduced >> std::min(axis, 63u) & 1) length *= dims[guard.first_dim + axis];
  }
  return length;
}

bool holds(const RowShapeGuard& guard, std::span<const int64_t> dims) {
  const bool kept = guard.row_rank == guard.rank;
  uint32_t next = 0;  // axis of the row's shape
  for (uint32_t axis = 0; axis < guard.rank; ++axis) {
    const bool reduced = guard.reduced >> std::min(axis, 63u) & 1;
    if (reduced && !kept) continue;
    const int64_t expected = reduced ? 1 : dims[guard.first_dim + axis];
    if (next == guard.row_rank || dims[guard.row_dim + next++] != expected) return false;
  }
  return next == guard.row_rank;
}

void launch_strides(const Instruction& instruction, const Operand& operand, const Layout& layout,
                    std::span<const int64_t> dims, int64_t* strides) {
  const size_t rank = instruction.axes.size();
  const size_t parallel = rank - instruction.reduced_rank;
  // The shape that the operand broadcasts to: the domain, or one row of results.
  const bool full_axes = !operand.row || operand.kept_axes;
  const size_t target_rank = full_axes ? instruction.rank : parallel;
  const size_t missing = operand.gathered ? 0 : target_rank - layout.shape.size();
  for (size_t i = 0; i < rank; ++i) {
    strides[i] = 0;
    if (operand.row && i >= parallel) continue;
    const size_t axis = full_axes ? instruction.axes[i] : i;
    if (operand.gathered) {
      strides[i] = stride_along(operand, layout, axis);
      continue;
    }
    if (axis < missing) continue;
    const int64_t extent = dims[instruction.first_dim + instruction.axes[i]];
    if (layout.shape[axis - missing] != 1 || extent == 1)
      strides[i] = layout.strides[axis - missing];
  }
}

void product_strides(size_t buffer_count, size_t position, const Layout& layout, size_t axis_count,
                     std::span<const int64_t> extents, int64_t* strides) {
  const size_t rank = layout.shape.size();
  const size_t batch = axis_count - 3;
  const size_t missing = batch - (rank - 2);
  for (size_t i = 0; i < batch; ++i) {
    const bool repeated = i < missing || (layout.shape[i - missing] == 1 && extents[i] != 1);
    strides[i] = repeated ? 0 : layout.strides[i - missing];
  }
  const int64_t row = layout.strides[rank - 2], column = layout.strides[rank - 1];
  const bool is_a = position + 3 == buffer_count, is_b = position + 2 == buffer_count;
  strides[batch] = is_b ? 0 : row;                      // M
  strides[batch + 1] = is_a ? 0 : column;               // N
  strides[batch + 2] = is_a ? column : is_b ? row : 0;  // K
}

}  // namespace tandem::passes
