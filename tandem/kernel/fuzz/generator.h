// Random kernels and random launches of them. Generated kernels are verified by construction; what
// they compute is specified to the bit (NaN bits never reach an integer, scatter indices are
// unique).
#pragma once

#include "tandem/kernel/fuzz/case.h"
#include "tandem/kernel/fuzz/random.h"

namespace tandem::kernel::fuzz {

struct RandomKernel {
  Kernel kernel;
  // The axis that a scattered buffer is indexed along, by buffer; -1 for the others.
  std::vector<int> scatter_axis;
};

RandomKernel random_kernel(Random& random);

// Extents (0, 1, around 64 and 1024, ...), layouts (contiguous, permuted, with gaps, negative,
// broadcast, aliased) and contents for a verified kernel.
Case random_launch(Random& random, const RandomKernel& kernel);

// The case of a seed.
Case random_case(uint64_t seed);

}  // namespace tandem::kernel::fuzz
