// depends: order between values that do not use each other.
#pragma once

#include <span>
#include <vector>

#include "tandem/graph/array.h"

namespace tandem {

// The same values as `inputs`; whoever computes one of them computes all `dependencies` in the same
// evaluation. Nothing is copied.
std::vector<array> depends(std::span<const array> inputs, std::span<const array> dependencies);

}  // namespace tandem
