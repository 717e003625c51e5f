// Elementwise ops: one function for every row of op_table/elementwise.def.
#pragma once

#include <span>

#include "tandem/op_table/row_info.h"
#include "tandem/ops/operand.h"

namespace tandem {

// Applies a row to operands that broadcast together. Raises ShapeError when they do not, DTypeError
// when the row does not take their dtypes.
array apply(op_table::RowId row, std::span<const Operand* const> operands, StreamOrDevice s = {});
array apply(op_table::RowId row, std::span<const Operand> operands, StreamOrDevice s = {});

// The same elements as `dtype`; the array itself when it already is.
array astype(const array& a, Dtype dtype, StreamOrDevice s = {});

// add(a, b, s), exp(a, s), where(condition, a, b, s)...: each applies the row of its name.
#define TANDEM_FUNCTION_1(name)                                \
  inline array name(const Operand& x, StreamOrDevice s = {}) { \
    const Operand* const operands[] = {&x};                    \
    return apply(op_table::RowId::name, operands, s);          \
  }
#define TANDEM_FUNCTION_2(name)                                                  \
  inline array name(const Operand& x, const Operand& y, StreamOrDevice s = {}) { \
    const Operand* const operands[] = {&x, &y};                                  \
    return apply(op_table::RowId::name, operands, s);                            \
  }
#define TANDEM_FUNCTION_3(name)                                                                    \
  inline array name(const Operand& x, const Operand& y, const Operand& z, StreamOrDevice s = {}) { \
    const Operand* const operands[] = {&x, &y, &z};                                                \
    return apply(op_table::RowId::name, operands, s);                                              \
  }
#define TANDEM_ROW(name, aliases, arity, ...) TANDEM_FUNCTION_##arity(name)
#include "tandem/op_table/elementwise.def"
#undef TANDEM_ROW
#undef TANDEM_FUNCTION_3
#undef TANDEM_FUNCTION_2
#undef TANDEM_FUNCTION_1

array operator+(const array& a, const array& b);
array operator-(const array& a, const array& b);
array operator*(const array& a, const array& b);
array operator/(const array& a, const array& b);
array operator-(const array& a);

}  // namespace tandem
