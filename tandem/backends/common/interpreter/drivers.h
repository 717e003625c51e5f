// The two ways through a launch: points by themselves, and rows of points.
#pragma once

#include "tandem/backends/common/interpreter/launch.h"

namespace tandem::backends::common::interpreter {

void run_map(const Launch& launch);
// False, with nothing done, where the rows that passes keep for each other are too long for the
// caches and `unless_too_long` is set.
bool run_rows(const Launch& launch, bool unless_too_long);

}  // namespace tandem::backends::common::interpreter
