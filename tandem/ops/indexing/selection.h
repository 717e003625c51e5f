// Selection: an index resolved against the shape of an array. Shared by reading and writing.
#pragma once

#include "tandem/ops/indexing/indexing.h"

namespace tandem::ops {

// What an index takes of one axis.
struct AxisSelection {
  enum Kind : uint8_t { range, position, indices };
  Kind kind = range;
  int64_t start = 0, extent = 0, step = 1;  // range; a position is a range of one
  size_t list = 0;                          // indices: which of the arrays
  size_t result = 0;                        // range: the axis of the result
};

struct Selection {
  SmallVector<AxisSelection, 4> axes;  // of the array
  std::vector<array> arrays;           // of integers, of one axis each for a mask
  Shape arrays_shape;                  // that they broadcast to
  size_t arrays_axis = 0;              // of the result: the first of theirs
  Shape result;

  bool is_whole(size_t axis, Dims shape) const {
    const AxisSelection& item = axes[axis];
    return item.kind == AxisSelection::range && item.extent == shape[axis] &&
           (item.step == 1 || item.extent <= 1);
  }
};

// Resolves the index; masks are evaluated. Masks without axes must be gone.
Selection select(Dims shape, const Index& items);

// True for a mask without axes.
bool is_flag(const IndexItem& item);

// The array with an axis of extent 1 for every mask without axes, which becomes a mask over it.
array with_flag_axes(const array& a, Index& items, const StreamOrDevice& s);

// Row-major positions along the axes first..last, merged into one, of what the selection takes of
// them. `place[i]` is the axis of the positions for axis i of the selection's result; there are
// `rank`. Where an index array is out of range the position is that of the nearest element, or,
// when `drop`, the number of positions.
array merged_positions(const Selection& selection, Dims shape, size_t first, size_t last,
                       std::span<const size_t> place, size_t rank, bool drop,
                       const StreamOrDevice& s);

}  // namespace tandem::ops
