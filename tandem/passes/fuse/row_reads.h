// Reads of a row's result by the elements of the same rows: the second half of a softmax, of a norm.
#pragma once

#include <span>

#include "tandem/passes/fuse/fuse.h"

namespace tandem::passes {

// Whether `operand`, the result of a reduction over the axes `reduced` of the domain or computed
// from such, repeats along those axes and no others when it is read over the domain. What is found
// follows from the plan's key: which axes of an edge broadcast is part of it.
bool reads_own_row(const Operand& operand, RowForm form, uint64_t reduced, Dims domain,
                   std::span<const int64_t> dims);

}  // namespace tandem::passes
