// Divides clusters that are too large for one kernel where the fewest bytes live across the cut.
#pragma once

#include <span>
#include <vector>

#include "tandem/passes/fuse/fuse.h"

namespace tandem::passes {

// By cluster: the nodes of each part, inputs before users, parts in an order in which they can run;
// none for a cluster that is one kernel.
using Parts = std::vector<std::vector<std::vector<uint32_t>>>;

// Every part is within the limits, or a single node. A part is cut off where, of the second half of
// what fits, the fewest bytes are written for later parts and read again by them; of equal places
// at the last. Linear in the nodes.
Parts find_parts(const SimpleGraph& graph, const Clusters& clusters, std::span<const int64_t> dims,
                 const KernelLimits& limits);

}  // namespace tandem::passes
