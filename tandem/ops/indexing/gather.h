// Elements at positions that are data. A negative position counts from the end; one that lies
// outside is moved to the nearest end, since positions are not looked at when a graph is built.
#pragma once

#include <optional>

#include "tandem/ops/operand.h"

namespace tandem {

// a's elements at `indices` along `axis`, which is replaced by the axes of `indices`; of the
// flattened array when no axis is named. Raises DTypeError unless the indices are integers,
// AxisError for a bad axis or when something is taken from an axis of extent 0.
array take(const array& a, const array& indices, std::optional<int64_t> axis = {},
           StreamOrDevice s = {});
// The same at one position, which is checked: AxisError.
array take(const array& a, int64_t index, std::optional<int64_t> axis = {}, StreamOrDevice s = {});

// result[.., i, ..] = a[.., indices[.., i, ..], ..] along `axis`; the other axes broadcast. Of the
// flattened array, by indices of one axis, when no axis is named.
array take_along_axis(const array& a, const array& indices, std::optional<int64_t> axis = -1,
                      StreamOrDevice s = {});

namespace ops {

// result[p] = source[..] at index[p] on the axis whose word is graph::kGatheredAxis and, on every
// other, at the coordinate of p that its word names. `index` broadcasts to `shape`.
array gather(const array& source, const array& index, Dims shape, std::span<const int64_t> words,
             const StreamOrDevice& s);

void check_indices(const array& indices, std::string_view op);

}  // namespace ops
}  // namespace tandem
