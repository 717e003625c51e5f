// The two ways through a launch: points by themselves, and rows of points.
#pragma once

#include "tandem/backends/common/interpreter/launch.h"

namespace tandem::backends::common::interpreter {

void run_map(const Launch& launch);
// A map whose accesses lie along different axes: tiles are rectangles of the inner axis and `axis`,
// so that accesses along either use whole lines.
void run_blocks(const Launch& launch, const Space& space, int axis);

// Work that is worth handing to another thread, and tiles that come to it.
inline constexpr float kRangeNanoseconds = 8000;
int64_t grain_of(const Pass& pass, int64_t tile_elements);

// False, with nothing done, where the rows that passes keep for each other are too long for the
// caches and `unless_too_long` is set.
bool run_rows(const Launch& launch, bool unless_too_long);

}  // namespace tandem::backends::common::interpreter
