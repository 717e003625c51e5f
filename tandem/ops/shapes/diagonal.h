// Diagonals of matrices, and views by strides.
#pragma once

#include <optional>
#include <vector>

#include "tandem/ops/operand.h"

namespace tandem {

// Elements [.., i, .., i + offset, ..] of two axes (i - offset, i for a negative one) as a last
// axis in their place. Raises AxisError for a bad axis, ArgumentError when both are the same,
// ShapeError for fewer than two axes.
array diagonal(const array& a, int64_t offset = 0, int64_t axis1 = 0, int64_t axis2 = 1,
               StreamOrDevice s = {});
// The k-th diagonal of a matrix; of a vector, the square matrix that has it there and zeros
// elsewhere. Raises ShapeError for other ranks.
array diag(const array& a, int64_t k = 0, StreamOrDevice s = {});
// The sum of a diagonal, in `dtype` when given. Raises what diagonal raises.
array trace(const array& a, int64_t offset = 0, int64_t axis1 = 0, int64_t axis2 = 1,
            std::optional<Dtype> dtype = {}, StreamOrDevice s = {});

// Element p of the result is element offset + sum of p[i] * strides[i] of a's elements in row-major
// order. The shape is a's, the strides those of a row-major array, where they are not given. Raises
// ShapeError when the result would reach outside of `a`.
array as_strided(const array& a, std::optional<Shape> shape = {},
                 std::optional<Strides> strides = {}, int64_t offset = 0, StreamOrDevice s = {});

}  // namespace tandem
