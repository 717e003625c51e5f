// Matrix products of parts of their operands.
#pragma once

#include <optional>

#include "tandem/ops/operand.h"

namespace tandem {

// The product with square blocks of the operands and of the result left out (bool masks) or scaled
// (others). A mask has one element per block, the last ones being cut off. Floating dtypes only.
array block_masked_mm(const array& a, const array& b, int64_t block_size = 64,
                      const std::optional<array>& mask_out = {},
                      const std::optional<array>& mask_lhs = {},
                      const std::optional<array>& mask_rhs = {}, StreamOrDevice s = {});

// For each pair (start, end) of `segments`, an integer array of shape (.., 2), the product of these
// columns of the matrix a with these rows of the matrix b; zero where the segment is empty.
array segmented_mm(const array& a, const array& b, const array& segments, StreamOrDevice s = {});

}  // namespace tandem
