// lower: turns clusters into instructions: kernels as IR, or library calls.
#pragma once

#include "tandem/passes/fuse/fuse.h"
#include "tandem/passes/plan.h"

namespace tandem::passes {

// Values of the plan for simple nodes: value numbers are simple node numbers.
Instruction lower_kernel(const SimpleGraph& graph, const Clusters& clusters, uint32_t cluster);
Instruction lower_library(const SimpleGraph& graph, const Clusters& clusters, uint32_t cluster,
                          kernel::LibraryCall& call);

// The part of a slice_update's result that its update covers, as something written.
Operand updated_slice(const SimpleGraph& graph, uint32_t node);

}  // namespace tandem::passes
