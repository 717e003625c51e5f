// Products made of the matrix product and of elementwise ones: inner, outer, tensordot, kron,
// vecdot.
#pragma once

#include <vector>

#include "tandem/ops/operand.h"

namespace tandem {

// Sums over the last axes, which must agree; the product when one operand is a scalar.
array inner(const array& a, const array& b, StreamOrDevice s = {});
// Every product of an element of flattened a with one of flattened b: shape (a.size, b.size).
array outer(const array& a, const array& b, StreamOrDevice s = {});
// Sums over axes of a with axes of b, pair by pair; the result has the remaining axes of a, then
// those of b.
array tensordot(const array& a, const array& b, const std::vector<int64_t>& a_axes,
                const std::vector<int64_t>& b_axes, StreamOrDevice s = {});
// The same over the last `count` axes of a and the first ones of b.
array tensordot(const array& a, const array& b, int64_t count = 2, StreamOrDevice s = {});
// Every element of a times the whole of b, as blocks.
array kron(const array& a, const array& b, StreamOrDevice s = {});
// Sum of conjugate(a) * b over one axis, counted in the operands' own shapes; the others broadcast.
array vecdot(const array& a, const array& b, int64_t axis = -1, StreamOrDevice s = {});

}  // namespace tandem
