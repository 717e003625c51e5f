// plan_memory: decides where each value lives, shares arena slots between values that are never
// alive together, and finds dead inputs that an output may be written over.
#pragma once

#include "tandem/passes/plan.h"

namespace tandem::passes {

// Expects homes of leaf, output and generated values to be set; `dims` are those of the first run.
void plan_memory(Plan& plan, std::span<const int64_t> dims);

}  // namespace tandem::passes
