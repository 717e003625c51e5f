#include "tandem/ops/products/masked_products.h"

#include <algorithm>

#include "tandem/ops/creation.h"
#include "tandem/ops/elementwise.h"
#include "tandem/ops/products/matmul.h"
#include "tandem/ops/shapes/join.h"
#include "tandem/ops/shapes/views.h"

namespace tandem {
namespace {

// One element of the mask for each of `a`.
array spread(const array& mask, const array& a, int64_t block, const StreamOrDevice& s) {
  const int64_t rows = (a.shape(-2) + block - 1) / block;
  const int64_t columns = (a.shape(-1) + block - 1) / block;
  TANDEM_USER(mask.ndim() >= 2 && mask.shape(-2) == rows && mask.shape(-1) == columns, ShapeError,
              "block_masked_mm", "a mask of shape {} does not have the {} x {} blocks of {}",
              to_string(mask.shape()), rows, columns, to_string(a.shape()));
  array result = repeat(repeat(mask, block, -2, s), block, -1, s);
  Shape extents(result.shape());
  extents[extents.size() - 2] = a.shape(-2);
  extents.back() = a.shape(-1);
  const Shape starts(extents.size(), 0), steps(extents.size(), 1);
  return slice(result, starts, extents, steps, s);
}

array masked(const array& a, const std::optional<array>& mask, int64_t block,
             const StreamOrDevice& s) {
  if (!mask) return a;
  const array all = spread(*mask, a, block, s);
  if (mask->dtype() == Dtype::bool_) return where(all, a, zeros({}, a.dtype(), s), s);
  return astype(multiply(a, all, s), a.dtype(), s);
}

}  // namespace

array block_masked_mm(const array& a, const array& b, int64_t block_size,
                      const std::optional<array>& mask_out, const std::optional<array>& mask_lhs,
                      const std::optional<array>& mask_rhs, StreamOrDevice s) {
  constexpr std::string_view kOp = "block_masked_mm";
  TANDEM_USER(a.ndim() >= 2 && b.ndim() >= 2 && a.shape(-1) == b.shape(-2), ShapeError, kOp,
              "expects matrices with equal inner sizes: got {} x {}", to_string(a.shape()),
              to_string(b.shape()));
  TANDEM_USER(is_floating(promote(a.dtype(), b.dtype())), DTypeError, kOp,
              "expects floating numbers: got {} and {}", name_of(a.dtype()), name_of(b.dtype()));
  TANDEM_USER(block_size > 0, ArgumentError, kOp, "expects a positive block size: got {}",
              block_size);
  const array product =
      matmul(masked(a, mask_lhs, block_size, s), masked(b, mask_rhs, block_size, s), s);
  return masked(product, mask_out, block_size, s);
}

array segmented_mm(const array& a, const array& b, const array& segments, StreamOrDevice s) {
  constexpr std::string_view kOp = "segmented_mm";
  TANDEM_USER(a.ndim() == 2 && b.ndim() == 2 && a.shape(1) == b.shape(0), ShapeError, kOp,
              "expects two matrices with equal inner sizes: got {} x {}", to_string(a.shape()),
              to_string(b.shape()));
  TANDEM_USER(segments.ndim() >= 1 && segments.shape(-1) == 2 && is_integer(segments.dtype()),
              ArgumentError, kOp, "expects whole pairs (start, end): got {} of shape {}",
              name_of(segments.dtype()), to_string(segments.shape()));
  const int64_t inner = a.shape(1);
  const array place =
      arange(Scalar(int64_t{0}), Scalar(inner), Scalar(int64_t{1}), Dtype::int64, s);
  const std::vector<array> bounds = split(astype(segments, Dtype::int64, s), 2, -1, s);
  // Which places each segment has: (.., inner). Both operands are cut, so that what lies outside,
  // NaN included, does not count.
  const array inside =
      logical_and(greater_equal(place, bounds[0], s), less(place, bounds[1], s), s);
  const array columns = where(expand_dims(inside, {-2}, s), a, zeros({}, a.dtype(), s), s);
  const array rows = where(expand_dims(inside, {-1}, s), b, zeros({}, b.dtype(), s), s);
  return matmul(columns, rows, s);
}

}  // namespace tandem
