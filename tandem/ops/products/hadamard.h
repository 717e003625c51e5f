// The Walsh-Hadamard transform.
#pragma once

#include <optional>

#include "tandem/ops/operand.h"

namespace tandem {

// Products of the rows of the last axis with a Hadamard matrix of n = m * 2^k rows, where m is 1,
// 12, 20 or 28, times `scale` (1 / sqrt(n) when not given). float32 for integers; float16 and
// bfloat16 are rounded once. Raises ArgumentError for another n.
array hadamard_transform(const array& a, std::optional<double> scale = {}, StreamOrDevice s = {});

}  // namespace tandem
