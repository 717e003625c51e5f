// The fixed parts of printed texts: how threads share a row. Stage types S come from the printer:
// T, absent(), identity(), combine(older, newer), extend(x, y later in a lane), shifted(x, w) from
// lane + w, compute(a, row, j), taken(a, row, j, computed), both as element(a, row, j), result(x),
// light, width.
#pragma once

#include <string_view>

namespace tandem::backends::cuda {

inline constexpr int kMostParts = 256;  // values that a block combines at once
inline constexpr int kColumns = 32;     // rows of a block under Schedule::columns
inline constexpr int kScanSlotBytes = 8;
inline constexpr int kPartSlotBytes = 16;

std::string_view common_prelude(bool narrow_index);
std::string_view chunk_prelude();    // a warp reduces a chunk
std::string_view block_prelude();    // a block reduces a row or a group of chunks
std::string_view split_prelude();    // the last block combines the groups of a row
std::string_view columns_prelude();  // a block reduces 32 rows side by side
std::string_view scan_prelude();     // a block scans a row

}  // namespace tandem::backends::cuda
