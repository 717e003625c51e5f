// Corrupts a kernel at random, and says, without the verifier, whether a kernel is well-formed.
#pragma once

#include <optional>
#include <string>

#include "tandem/kernel/fuzz/random.h"
#include "tandem/kernel/ir.h"

namespace tandem::kernel::fuzz {

// One to three changes of fields, nodes or stages; the result may be well-formed all the same.
Kernel mutate(Random& random, const Kernel& kernel);

// What is wrong with the kernel by the rules of ir.h, found by walking it as an evaluator would: a
// second opinion on the verifier, with none of its code. Nothing of an unbounded number is touched.
std::optional<std::string> find_fault(const Kernel& kernel);

// The kernel with every narrow store widened to float32 or int32, so that a run shows whether what
// was stored is a value of the narrow dtype.
Kernel widened(const Kernel& kernel);

}  // namespace tandem::kernel::fuzz
