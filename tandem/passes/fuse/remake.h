// Values that every reader computes for itself: cheap, and made of no memory at all (masks from index
// ranges, scaled constants). To store them would cost more than to make them again.
#pragma once

#include <vector>

#include "tandem/passes/simplify.h"

namespace tandem::passes {

// By simple node. Generators themselves are not among them.
std::vector<bool> find_remade(const SimpleGraph& graph);

}  // namespace tandem::passes
