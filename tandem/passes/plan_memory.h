// plan_memory: decides where each value lives, shares arena slots between values that are never
// alive together, and finds dead inputs that an output may be written over.
#pragma once

#include "tandem/passes/plan.h"

namespace tandem::passes {

// Expects homes of leaf, output and generated values to be set; `dims` are those of the first run.
void plan_memory(Plan& plan, std::span<const int64_t> dims);

// Whether the instruction may write operand `write` over operand `read`, whose value then is gone:
// both have the same shape and size of elements and the kernel reads an element no later than it
// writes what replaces it (kernel::may_alias has the rule), or a library call works in place. Who
// else reads the value is for the caller to know.
bool may_replace(const Plan& plan, const Instruction& instruction, uint32_t read, uint32_t write);

}  // namespace tandem::passes
