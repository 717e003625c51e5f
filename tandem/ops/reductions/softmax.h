// Normalised exponentials over any axes (all when none are named). Computed in float32 for float16,
// bfloat16 and integers, with one rounding at the end.
#pragma once

#include "tandem/ops/reductions/reduce.h"

namespace tandem {

// exp(a - max(a)) / sum(exp(a - max(a))).
array softmax(const array& a, const Axes& axes = {}, StreamOrDevice s = {});
// log(sum(exp(a))) without overflow. Raises ArgumentError when the reduced extent is 0.
array logsumexp(const array& a, const Axes& axes = {}, bool keepdims = false,
                StreamOrDevice s = {});

}  // namespace tandem
