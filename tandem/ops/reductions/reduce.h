// Reductions over any axes (all when none are named), with one order of summation on every device.
#pragma once

#include <optional>
#include <vector>

#include "tandem/ops/operand.h"

namespace tandem {

using Axes = std::optional<std::vector<int64_t>>;

// Sums and products of bool and small integers are int32 (uint32 for unsigned); float16 and
// bfloat16 accumulate in float32.
array sum(const array& a, const Axes& axes = {}, bool keepdims = false, StreamOrDevice s = {});
array prod(const array& a, const Axes& axes = {}, bool keepdims = false, StreamOrDevice s = {});
// NaN wins. Raises ArgumentError when the reduced extent is 0.
array min(const array& a, const Axes& axes = {}, bool keepdims = false, StreamOrDevice s = {});
array max(const array& a, const Axes& axes = {}, bool keepdims = false, StreamOrDevice s = {});
// sum / count, float32 for integers.
array mean(const array& a, const Axes& axes = {}, bool keepdims = false, StreamOrDevice s = {});
// Mean of the squared distances from the mean, over count - ddof.
array var(const array& a, const Axes& axes = {}, bool keepdims = false, int ddof = 0,
          StreamOrDevice s = {});
array std(const array& a, const Axes& axes = {}, bool keepdims = false, int ddof = 0,
          StreamOrDevice s = {});
array all(const array& a, const Axes& axes = {}, bool keepdims = false, StreamOrDevice s = {});
array any(const array& a, const Axes& axes = {}, bool keepdims = false, StreamOrDevice s = {});
// How many elements are not zero, as int32.
array count_nonzero(const array& a, const Axes& axes = {}, bool keepdims = false,
                    StreamOrDevice s = {});
// Index of the first extreme (uint32), over the flattened array when no axis is named; NaN is
// extreme.
array argmin(const array& a, std::optional<int64_t> axis = {}, bool keepdims = false,
             StreamOrDevice s = {});
array argmax(const array& a, std::optional<int64_t> axis = {}, bool keepdims = false,
             StreamOrDevice s = {});

}  // namespace tandem
