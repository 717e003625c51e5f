// place: cuts the instructions into segments, runs of work on one stream, and draws the edges
// between streams.
#pragma once

#include "tandem/passes/plan.h"

namespace tandem::passes {

// Fills plan.segments and the segment of each instruction. Every wait names an earlier segment.
void place(Plan& plan);

}  // namespace tandem::passes
