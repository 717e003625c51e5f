// Matrix products. Vectors are promoted as NumPy does; leading axes broadcast.
#pragma once

#include "tandem/ops/operand.h"

namespace tandem {

// Raises ShapeError "[matmul] inner sizes differ: got (4, 3) x (5, 2)", DTypeError for bool.
array matmul(const array& a, const array& b, StreamOrDevice s = {});
// alpha * (a @ b) + beta * c with one rounding; for integers alpha and beta must be whole. Raises
// ShapeError when c does not broadcast to the product, DTypeError for bool.
array addmm(const array& c, const array& a, const array& b, float alpha = 1.0f, float beta = 1.0f,
            StreamOrDevice s = {});

}  // namespace tandem
