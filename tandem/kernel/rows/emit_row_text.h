// The text of a row evaluated on the IR-building carrier. Apart from emit_row because it alone
// instantiates every row.
#pragma once

#include "tandem/kernel/rows/emit_row.h"

namespace tandem::kernel {

// Operands have the dtypes the text is for; the result is neither rounded nor wrapped.
EmittedValue emit_row_text(Builder& builder, op_table::RowId row,
                           std::span<const EmittedValue> operands, Dtype result);

}  // namespace tandem::kernel
