// Copies of an array with some elements written. Positions are data: a negative one counts from the
// end, one outside of the array is ignored. Writes happen in row-major order of the values, on any
// number of threads: of several set values the last one stays, and sums are formed in that order.
#pragma once

#include <optional>

#include "tandem/op_table/update.h"
#include "tandem/ops/operand.h"

namespace tandem {

// A copy of `a` whose elements starts, starts + steps, ... are those of `update`. Raises ShapeError
// when they do not lie inside.
array slice_update(const array& a, const array& update, Dims starts, Dims steps,
                   StreamOrDevice s = {});

// A copy of `a` with result[.., indices[.., i, ..], ..] = values[.., i, ..] along `axis`; of the
// flattened array when none is named. Values and the other axes of the indices broadcast.
array put_along_axis(const array& a, const array& indices, const array& values,
                     std::optional<int64_t> axis = {}, StreamOrDevice s = {});
// The same with every value added.
array scatter_add_axis(const array& a, const array& indices, const array& values,
                       std::optional<int64_t> axis = {}, StreamOrDevice s = {});

namespace ops {

// base [P, N, Q], index [1 or P, M, 1 or Q], updates [P, M, Q]: result[p, index[p, m, q], q] takes
// in updates[p, m, q].
array scatter(const array& base, const array& index, const array& updates, op_table::Update how,
              const StreamOrDevice& s);

}  // namespace ops
}  // namespace tandem
