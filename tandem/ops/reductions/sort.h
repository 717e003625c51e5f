// Sorting along one axis, or of the flattened array when none is named. The order is total: -0
// before +0, complex numbers by their real and then their imaginary part, NaN behind all; equal
// elements keep their order.
#pragma once

#include <optional>
#include <vector>

#include "tandem/ops/operand.h"
#include "tandem/ops/reductions/reduce.h"

namespace tandem {

array sort(const array& a, std::optional<int64_t> axis = -1, StreamOrDevice s = {});
// Positions (uint32) that sort. Raises ArgumentError for more than 2^32 elements.
array argsort(const array& a, std::optional<int64_t> axis = -1, StreamOrDevice s = {});

// Element kth is where sorting puts it, no greater one before and no lesser one behind it. `kth`
// may count from the end; raises ArgumentError when it is out of range.
array partition(const array& a, int64_t kth, std::optional<int64_t> axis = -1,
                StreamOrDevice s = {});
array argpartition(const array& a, int64_t kth, std::optional<int64_t> axis = -1,
                   StreamOrDevice s = {});
// The k greatest elements, ascending. Raises ArgumentError unless 0 <= k <= extent.
array topk(const array& a, int64_t k, std::optional<int64_t> axis = -1, StreamOrDevice s = {});

enum class Side : uint8_t { left, right };
// Places (uint32) where `values` belong in a sorted sequence of one axis: before equal elements
// (left) or behind them.
array searchsorted(const array& sorted, const array& values, Side side = Side::left,
                   StreamOrDevice s = {});

// The middle element, or the mean of the two in the middle; NaN where there is one. float32 for
// integers. Raises ArgumentError for an empty extent.
array median(const array& a, const Axes& axes = {}, bool keepdims = false, StreamOrDevice s = {});

}  // namespace tandem
