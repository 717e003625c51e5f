// Further arrangements of the same elements, and the same bytes as another dtype.
#pragma once

#include <span>
#include <vector>

#include "tandem/ops/operand.h"

namespace tandem {

// One axis becomes several; one extent may be -1. Raises ShapeError when their product differs.
array unflatten(const array& a, int64_t axis, Dims shape, StreamOrDevice s = {});
// At least 1, 2 or 3 dimensions: (n,) becomes (1, n) and (1, n, 1), (m, n) becomes (m, n, 1).
array atleast_1d(const array& a, StreamOrDevice s = {});
array atleast_2d(const array& a, StreamOrDevice s = {});
array atleast_3d(const array& a, StreamOrDevice s = {});
// All broadcast to one shape.
std::vector<array> broadcast_arrays(std::span<const array> arrays, StreamOrDevice s = {});

// The bytes as elements of `dtype`, whose size scales the last axis. Raises ShapeError when they do
// not fit, and for a scalar of another size.
array view(const array& a, Dtype dtype, StreamOrDevice s = {});

// Grids of the coordinates: array i varies along axis i (the first two exchanged for xy indexing)
// and is constant along the others; sparse ones have extent 1 there.
enum class Grid : uint8_t { xy, ij };
std::vector<array> meshgrid(std::span<const array> arrays, bool sparse = false,
                            Grid indexing = Grid::xy, StreamOrDevice s = {});

}  // namespace tandem
