// Which values provably fit a narrow storage dtype: what may be stored without Round or Wrap.
#pragma once

#include "tandem/kernel/ir.h"

namespace tandem::kernel {

// True where every value of the node is one of `dtype`, by the rule of ir.h ("types"). Always true
// of 32- and 64-bit dtypes and bool.
bool representable(const Kernel& kernel, NodeId node, Dtype dtype);

}  // namespace tandem::kernel
