// Checks that a kernel is what ir.h says a kernel is. Every message begins with the name of the
// invariant that is broken: "operand_types: node 3: add of (i32, f32) does not give f32".
#pragma once

#include <string>
#include <vector>

#include "tandem/kernel/ir.h"

namespace tandem::kernel {

//   enumerators         every enumeration in the kernel holds one of its values
//   stage_cover         stages are contiguous, in order, and hold every node
//   stage_extent        Reduce and Scan have extent element; they and row stages need reduced axes
//   stage_value         Reduce and Scan reduce a value of their own stage, maps none
//   reduction_type      all and any take b1, the others numbers; a Scan is no arg reduction
//   operand_count       as many operands as the operation or leaf takes, the rest absent
//   operand_order       an operand is defined before its use
//   operand_visibility  an operand is of the same stage, or of an earlier one with the same extent
//   operand_value       an operand is no store
//   operand_types       operands and result fit the signature
//   slot_range          the buffer, parameter, axis, stage or leaf exists
//   stage_reference     stage_result names an earlier Reduce or Scan; a Scan's is read by elements
//   row_index           a row stage asks for no reduced coordinate
//   memory_types        a loaded or stored value has the compute type of its buffer
//   complex_part        part 1 only of complex64 (or of a call with unsigned operands)
//   written_buffers     stores go to written buffers, loads come from the others
//   store_count         every part of a written buffer is stored exactly once
//   stored_rounding     what is stored is representable in the buffer's dtype
//   canonical_fields    fields that an operation or stage does not use are zero
// Empty if all hold. When the first group, up to operand_value, is broken, the others are not
// tried.
std::vector<std::string> verify(const Kernel& kernel);

// Raises InternalError with the first message and the kernel's text.
void check_kernel(const Kernel& kernel);

}  // namespace tandem::kernel
