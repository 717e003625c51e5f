// Running sums, products and extremes along an axis, or over the flattened array without one.
// `reverse` begins at the end; without `inclusive` each element has what stands before it, the
// first the identity.
#pragma once

#include <optional>

#include "tandem/ops/operand.h"

namespace tandem {

// In the dtype of `a` (integers wrap), int32 for bool; float16 and bfloat16 accumulate in float32.
array cumsum(const array& a, std::optional<int64_t> axis = {}, bool reverse = false,
             bool inclusive = true, StreamOrDevice s = {});
array cumprod(const array& a, std::optional<int64_t> axis = {}, bool reverse = false,
              bool inclusive = true, StreamOrDevice s = {});
// NaN wins from where it stands.
array cummax(const array& a, std::optional<int64_t> axis = {}, bool reverse = false,
             bool inclusive = true, StreamOrDevice s = {});
array cummin(const array& a, std::optional<int64_t> axis = {}, bool reverse = false,
             bool inclusive = true, StreamOrDevice s = {});
// log(cumsum(exp(a))) without overflow, in steps of doubling distance; float32 for integers.
array logcumsumexp(const array& a, std::optional<int64_t> axis = {}, bool reverse = false,
                   bool inclusive = true, StreamOrDevice s = {});

}  // namespace tandem
