// Reduce and Scan stages as the types that the preludes are templates over.
#pragma once

#include <string>

#include "tandem/backends/cuda/text/sweep_text.h"

namespace tandem::backends::cuda {

// `struct Stage{s}` for the stage that sweep `k` ends in. Under `light`, whole chunks are unrolled;
// `width` pairs of elements are computed at once elsewhere.
std::string stage_text(SweepPrinter& sweeps, const kernel::Kernel& kernel, size_t k, bool light,
                       int width);

// 64-bit words that a partial result takes at most.
int part_words(const kernel::Stage& stage);

}  // namespace tandem::backends::cuda
