// Picks the indices that name a row of a range.
#pragma once

#include <cstddef>
#include <cstdint>

#include "tandem/backends/common/scatter/row_ranges.h"

namespace tandem::backends::common {

// Elements beyond `count` that results need room for.
inline constexpr size_t kSelectSlack = 16;

// Of `count` indices into n rows, negative ones counted from the end: for each that names a row of
// the range, in order, writes that row, counted from the first of the range, and the place of the
// index among them. Gives how many. Rows that int32 indices name are less than 2^31.
size_t select_rows(const int32_t* index, size_t count, int64_t n, RowRange range, uint32_t* rows,
                   uint32_t* places);
size_t select_rows(const int64_t* index, size_t count, int64_t n, RowRange range, uint32_t* rows,
                   uint32_t* places);

}  // namespace tandem::backends::common
