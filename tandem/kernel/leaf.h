// Leaf functions as operations of the IR: `call` with the leaf's number as slot; part 1 says that
// its integer operands are unsigned.
#pragma once

#include <span>
#include <string>

#include "tandem/kernel/builder.h"
#include "tandem/kernel/fold.h"

namespace tandem::kernel {

// Null where the leaf does not take operands of this type.
ScalarFunction leaf_function(uint16_t leaf, Type operand, bool is_unsigned);

// Empty where the leaf exists and takes these operands to give `result`, else what is wrong.
std::string check_leaf(uint16_t leaf, Type result, std::span<const Type> operands);

// The primitives of a leaf's text, in place of a call.
NodeId expand_leaf(Builder& builder, uint16_t leaf, std::span<const NodeId> inputs,
                   bool is_unsigned = false);

}  // namespace tandem::kernel
