// The same elements in another arrangement. Nothing is copied but by reshape where no strides can
// express the result, and by contiguous.
#pragma once

#include <optional>
#include <vector>

#include "tandem/ops/operand.h"

namespace tandem {

// One extent may be -1 and is deduced. Raises ShapeError when the element counts differ.
array reshape(const array& a, Dims shape, StreamOrDevice s = {});
// Axes start..end (inclusive) become one.
array flatten(const array& a, int64_t start_axis = 0, int64_t end_axis = -1, StreamOrDevice s = {});
// Removes axes of extent 1: all, or those named.
array squeeze(const array& a, std::optional<std::vector<int64_t>> axes = {}, StreamOrDevice s = {});
// Adds axes of extent 1 at the named positions of the result.
array expand_dims(const array& a, const std::vector<int64_t>& axes, StreamOrDevice s = {});
// Reverses the axes, or permutes them.
array transpose(const array& a, std::optional<std::vector<int64_t>> axes = {},
                StreamOrDevice s = {});
array swapaxes(const array& a, int64_t first, int64_t second, StreamOrDevice s = {});
array moveaxis(const array& a, int64_t source, int64_t destination, StreamOrDevice s = {});
array broadcast_to(const array& a, Dims shape, StreamOrDevice s = {});
// Elements start, start + step, ... before stop along each axis, already normalised as Python's
// slice.indices does: `starts` in range, `extents` the counts, steps may be negative.
array slice(const array& a, Dims starts, Dims extents, Dims steps, StreamOrDevice s = {});
// A row-major copy, or the array itself when it is one already.
array contiguous(const array& a, StreamOrDevice s = {});

}  // namespace tandem
