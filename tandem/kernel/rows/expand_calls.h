// Leaf calls replaced by their primitives, for evaluators without leaf functions of their own.
#pragma once

#include "tandem/kernel/ir.h"

namespace tandem::kernel {

// The same values, bit for bit; equal nodes of a stage become one.
Kernel expand_calls(const Kernel& kernel);

}  // namespace tandem::kernel
