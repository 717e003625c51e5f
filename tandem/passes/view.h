// View arithmetic: where the elements of an operand are, in numbers.
#pragma once

#include <span>
#include <utility>

#include "tandem/passes/plan.h"

namespace tandem::passes {

// Offset and strides (in elements) of a shape.
struct Layout {
  int64_t offset = 0;
  Shape shape;
  Strides strides;
};

// Applies one step; false for a reshape that no strides can express. Without params slices start at
// 0: strides do not depend on where they start.
bool apply(const ViewStep& step, std::span<const int64_t> dims, std::span<const uint64_t> params,
           Layout& layout);

// Applies all; the guards of a plan make sure that they can be.
void apply(const Views& views, std::span<const int64_t> dims, std::span<const uint64_t> params,
           Layout& layout);

// Strides of an operand along the axes of a launch of `instruction`, 0 where it repeats.
void launch_strides(const Instruction& instruction, const Operand& operand, const Layout& layout,
                    std::span<const int64_t> dims, int64_t* strides);

// The axis of a gather's source that its kernel indexes: its extent and stride.
std::pair<int64_t, int64_t> gathered_axis(const Operand& operand, const Layout& layout);

// The same for a matrix product, whose axes are B.., M, N, K. `position` numbers the call's
// buffers.
void product_strides(size_t buffer_count, size_t position, const Layout& layout, size_t axis_count,
                     std::span<const int64_t> extents, int64_t* strides);

}  // namespace tandem::passes
