// Reductions and scans of complex numbers other than sums: trees of elementwise operations over
// slices, since no kernel reduces with them. Internal to the ops folder.
#pragma once

#include <cstdint>

#include "tandem/ops/operand.h"

namespace tandem::ops {

using Pairwise = array (*)(const Operand&, const Operand&, StreamOrDevice);

// The greater and the lesser by the real, then the imaginary part; an operand that is not a number in
// either part wins.
array greater_complex(const Operand& x, const Operand& y, StreamOrDevice s);
array lesser_complex(const Operand& x, const Operand& y, StreamOrDevice s);

// Of the axes in `mask`, which have at least one element: the halves are combined until one is left.
array fold(const array& a, uint64_t mask, bool keepdims, Pairwise combine, const StreamOrDevice& s);

// Element i becomes the combination of elements 0 to i along the axis (from the end if `reverse`),
// without its own unless `inclusive`: then the first is `initial`.
array scan_pairs(const array& a, int axis, bool reverse, bool inclusive, Pairwise combine,
                 const Scalar& initial, const StreamOrDevice& s);

// Position of the first element that equals `extreme`, which broadcasts to `a`, or is not a number.
array first_position(const array& a, const array& extreme, std::optional<int64_t> axis,
                     bool keepdims, const StreamOrDevice& s);

}  // namespace tandem::ops
