// Indexing as NumPy does it: whole numbers, slices, new axes, an ellipsis, index arrays and masks in
// any mixture, for reading and for writing.
//
// Basic items (numbers, slices, new axes, the ellipsis) give views. Index arrays broadcast together
// and their axes stand where the first of them stood, or in front when other items stand between
// them (numbers beside arrays count as index arrays). A mask stands for the positions of its true
// elements: it is evaluated when the index is applied, since they decide the shape of the result.
// An index array is not looked at: positions outside of an axis are moved to its nearest end by
// reads and ignored by writes.
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "tandem/op_table/update.h"
#include "tandem/ops/operand.h"

namespace tandem {

struct Slice {
  std::optional<int64_t> start = {}, stop = {}, step = {};
};
struct NewAxis {};
struct Ellipsis {};
using IndexItem = std::variant<int64_t, Slice, NewAxis, Ellipsis, array>;
using Index = std::vector<IndexItem>;
using op_table::Update;

// a[index]. Raises AxisError for a number out of range, too many items or a mask of another shape;
// ShapeError when index arrays do not broadcast; DTypeError for index arrays that hold no integers.
array index(const array& a, const Index& items, StreamOrDevice s = {});

// A copy of `a` in which the elements at `items` took in `value`, which is cast to a's dtype and
// broadcasts to the shape of a[items]. Where an element is named more than once, all values are
// taken in, in row-major order of a[items]; with Update::set the last one stays. Raises what index
// raises, and ShapeError when the value does not broadcast.
array index_update(const array& a, const Index& items, const Operand& value,
                   Update how = Update::set, StreamOrDevice s = {});

// The part of `a` of these extents that starts at `starts` (integers, one for each of `axes`) and at
// 0 on the other axes. The starts may be pending; they are moved so that the part lies inside.
// Raises ShapeError for extents that do not fit.
array slice(const array& a, const array& starts, const std::vector<int64_t>& axes, Dims extents,
            StreamOrDevice s = {});
// A copy of `a` with `update`, which has as many axes, where that slice of its shape is.
array slice_update(const array& a, const array& update, const array& starts,
                   const std::vector<int64_t>& axes, StreamOrDevice s = {});

}  // namespace tandem
