// The two ways through a launch: points by themselves, and rows of points.
#pragma once

#include "tandem/backends/common/interpreter/launch.h"

namespace tandem::backends::common::interpreter {

void run_map(const Launch& launch);
void run_rows(const Launch& launch);

}  // namespace tandem::backends::common::interpreter
