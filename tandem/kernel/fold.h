// Evaluation of single IR operations on scalar bits, through op_table/scalar.h: the meaning of
// every operation, for the reference and for constant folding.
#pragma once

#include <optional>
#include <span>

#include "tandem/kernel/ir.h"

namespace tandem::kernel {

// Values as the IR's constants hold them: the low bits of the type, the rest 0; b1 is 0 or 1.
using ScalarFunction = uint64_t (*)(const uint64_t* in);

// The function of a pure operation (not of sources, loads, stores and calls) from its result type
// and the type of its last operand. Null where there is none.
ScalarFunction scalar_function(Op op, Type result, Type operand);

// The function of a node, calls included; null for sources, loads and stores.
ScalarFunction function_of(const Kernel& kernel, const Node& node);

// The operation that combines two values of a Reduce or Scan stage; not for the arg reductions.
Op combining_op(Reduction reduction, Type type, bool is_unsigned);

// The older-op-newer function of a Reduce or Scan stage on values of `type`; null for the arg
// reductions and where the types do not fit. `identity` likewise.
ScalarFunction combine_function(Reduction reduction, Type type, bool is_unsigned);
uint64_t identity_bits(Reduction reduction, Type type, bool is_unsigned);

// The value of `node` if its operands are these bits; empty for what is not pure.
std::optional<uint64_t> fold(const Kernel& kernel, const Node& node,
                             std::span<const uint64_t> operands);

}  // namespace tandem::kernel
