// Shapes, strides and axes. Sizes are 64-bit everywhere; a shape of rank 0 is a scalar.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "tandem/base/small_vector.h"

namespace tandem {

using Shape = SmallVector<int64_t, 4>;
using Strides = SmallVector<int64_t, 4>;  // in elements
using Dims = std::span<const int64_t>;

// Product of the extents (1 for rank 0). Raises ShapeError when it exceeds 2^62.
int64_t element_count(Dims shape, std::string_view op = "shape");

Strides row_major_strides(Dims shape);

// True when the elements of such a view lie one after the other in row-major order; axes of extent
// 1 may have any stride, and an empty array always does.
bool is_row_major(Dims shape, Dims strides);

// The elements that a view reaches, relative to its first one: from the lowest to behind the highest.
std::pair<int64_t, int64_t> element_reach(Dims shape, Dims strides);

// The shape both operands broadcast to; raises ShapeError naming `op` and both shapes.
Shape broadcast_shapes(Dims a, Dims b, std::string_view op);

// `axis` in [0, rank), counting negative ones from the end; raises AxisError naming `op`.
int normalize_axis(int64_t axis, int rank, std::string_view op);

// Strides of the same elements seen as `target`, or false when no strides can express it.
bool reshape_strides(Dims shape, Dims strides, Dims target, Strides& result);

std::string to_string(Dims shape);  // "(2, 3)", "(2,)", "()"

}  // namespace tandem
