// Rows of the op table, casts, loads and stores as kernel IR, in terms of dtypes.
#pragma once

#include <array>
#include <span>

#include "tandem/kernel/builder.h"
#include "tandem/op_table/row_info.h"

namespace tandem::kernel {

// A value of a dtype inside a kernel: one node of the compute type, or two for complex64.
struct EmittedValue {
  std::array<NodeId, 2> nodes = {kNoNode, kNoNode};
  Dtype dtype = Dtype::float32;
};

EmittedValue emit_load(Builder& builder, uint16_t buffer, Dtype dtype);
EmittedValue emit_load_at(Builder& builder, uint16_t buffer, Dtype dtype, NodeId index);
void emit_store(Builder& builder, uint16_t buffer, EmittedValue value);
void emit_store_at(Builder& builder, uint16_t buffer, NodeId index, EmittedValue value);

// Any dtype to any other. Floats to 8- and 16-bit integers go through int32 and wrap, to wider ones
// they saturate; NaN gives 0. To bool: != 0. Complex to real: the real part. To float16 and
// bfloat16 from wider values: through float32, each step rounded to nearest even.
EmittedValue emit_cast(Builder& builder, EmittedValue value, Dtype dtype);

// The row's text on operands converted to the signature's dtypes, then Round or Wrap to the dtype
// of the result unless the value provably needs none.
EmittedValue emit_row(Builder& builder, op_table::RowId row, std::span<const EmittedValue> inputs,
                      const op_table::Signature& signature);

// `node`, rounded or wrapped so that it is a value of `dtype` (no-op for 32- and 64-bit dtypes).
NodeId emit_rounding(Builder& builder, NodeId node, Dtype dtype);

}  // namespace tandem::kernel
