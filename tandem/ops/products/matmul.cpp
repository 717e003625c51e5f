#include "tandem/ops/products/matmul.h"

#include <bit>
#include <cmath>

#include "tandem/ops/build.h"
#include "tandem/ops/elementwise.h"
#include "tandem/ops/shapes/views.h"

namespace tandem {
namespace {

// Operands with at least two axes, of one dtype, and the shape of their product.
struct Product {
  array a, b;
  Shape shape;
  bool drop_row, drop_column;  // of a product with a vector

  Shape squeezed() const {
    Shape result(shape);
    if (drop_column) result.pop_back();
    if (drop_row) result.erase(result.end() - (drop_column ? 1 : 2));
    return result;
  }
};

Product prepare(const array& a, const array& b, std::string_view op, const StreamOrDevice& s) {
  TANDEM_USER(a.ndim() > 0 && b.ndim() > 0, ShapeError, op,
              "operands need at least one dimension: got {} x {}", to_string(a.shape()),
              to_string(b.shape()));
  const Dtype dtype = promote(a.dtype(), b.dtype());
  TANDEM_USER(dtype != Dtype::bool_, DTypeError, op, "expects numbers: got bool x bool");
  const bool row = a.ndim() == 1, column = b.ndim() == 1;
  const array left = astype(row ? expand_dims(a, {0}, s) : a, dtype, s);
  const array right = astype(column ? expand_dims(b, {1}, s) : b, dtype, s);
  TANDEM_USER(left.shape(-1) == right.shape(-2), ShapeError, op, "inner sizes differ: got {} x {}",
              to_string(a.shape()), to_string(b.shape()));
  const Dims left_batch = left.shape().first(static_cast<size_t>(left.ndim() - 2));
  const Dims right_batch = right.shape().first(static_cast<size_t>(right.ndim() - 2));
  Shape shape = broadcast_shapes(left_batch, right_batch, op);
  shape.push_back(left.shape(-2));
  shape.push_back(right.shape(-1));
  element_count(shape, op);
  return {left, right, std::move(shape), row, column};
}

// Integers: two products and a sum, each exact modulo their range.
array integer_addmm(const array& c, const array& a, const array& b, float alpha, float beta,
                    Dtype dtype, const StreamOrDevice& s) {
  TANDEM_USER(alpha == std::trunc(alpha) && beta == std::trunc(beta), ArgumentError, "addmm",
              "alpha and beta of integers must be whole: got {} and {}", alpha, beta);
  const auto scaled = [&](const array& x, float factor) {
    const array typed = astype(x, dtype, s);
    return factor == 1 ? typed : multiply(typed, Scalar(static_cast<int64_t>(factor)), s);
  };
  return add(scaled(matmul(a, b, s), alpha), scaled(c, beta), s);
}

}  // namespace

array matmul(const array& a, const array& b, StreamOrDevice s) {
  const Product product = prepare(a, b, "matmul", s);
  const array inputs[] = {product.a, product.b};
  const array result = ops::make({.op = graph::Structured::matmul,
                                  .dtype = product.a.dtype(),
                                  .shape = product.shape,
                                  .inputs = inputs},
                                 s);
  return reshape(result, product.squeezed(), s);
}

array addmm(const array& c, const array& a, const array& b, float alpha, float beta,
            StreamOrDevice s) {
  const Product product = prepare(a, b, "addmm", s);
  const Dtype dtype = promote(product.a.dtype(), c.dtype());
  const Shape target = product.squeezed();
  const bool fits = c.ndim() <= static_cast<int>(target.size()) &&
                    broadcast_shapes(c.shape(), target, "addmm") == target;
  TANDEM_USER(fits, ShapeError, "addmm", "c does not broadcast to the product: got {} for {}",
              to_string(c.shape()), to_string(target));
  if (!is_inexact(dtype)) return integer_addmm(c, a, b, alpha, beta, dtype, s);
  const array addend = reshape(broadcast_to(astype(c, dtype, s), target, s), product.shape, s);
  const array inputs[] = {addend, astype(product.a, dtype, s), astype(product.b, dtype, s)};
  const uint64_t params[] = {std::bit_cast<uint32_t>(alpha), std::bit_cast<uint32_t>(beta)};
  const array result = ops::make({.op = graph::Structured::addmm,
                                  .dtype = dtype,
                                  .shape = product.shape,
                                  .inputs = inputs,
                                  .params = params},
                                 s);
  return reshape(result, target, s);
}

}  // namespace tandem
