#include "tandem/ops/products/products.h"

#include <algorithm>
#include <numeric>

#include "tandem/ops/elementwise.h"
#include "tandem/ops/products/matmul.h"
#include "tandem/ops/reductions/reduce.h"
#include "tandem/ops/shapes/views.h"

namespace tandem {
namespace {

// The axes of a shape in two groups: those that are summed over, and the rest.
struct Grouped {
  std::vector<int64_t> summed, kept;
  int64_t summed_count = 1, kept_count = 1;
  Shape kept_shape;
};

Grouped group(const array& a, const std::vector<int64_t>& axes) {
  Grouped result;
  std::vector<bool> seen(static_cast<size_t>(a.ndim()), false);
  for (const int64_t axis : axes) {
    const int i = normalize_axis(axis, a.ndim(), "tensordot");
    TANDEM_USER(!seen[static_cast<size_t>(i)], ArgumentError, "tensordot", "axis {} is named twice",
                axis);
    seen[static_cast<size_t>(i)] = true;
    result.summed.push_back(i);
    result.summed_count *= a.shape(i);
  }
  for (int i = 0; i < a.ndim(); ++i) {
    if (seen[static_cast<size_t>(i)]) continue;
    result.kept.push_back(i);
    result.kept_shape.push_back(a.shape(i));
    result.kept_count *= a.shape(i);
  }
  return result;
}

std::vector<int64_t> joined(const std::vector<int64_t>& first, const std::vector<int64_t>& second) {
  std::vector<int64_t> result(first);
  result.insert(result.end(), second.begin(), second.end());
  return result;
}

}  // namespace

array inner(const array& a, const array& b, StreamOrDevice s) {
  if (a.ndim() == 0 || b.ndim() == 0) return multiply(a, b, s);
  TANDEM_USER(a.shape(-1) == b.shape(-1), ShapeError, "inner", "last extents differ: got {} x {}",
              to_string(a.shape()), to_string(b.shape()));
  return tensordot(a, b, {-1}, {-1}, s);
}

array outer(const array& a, const array& b, StreamOrDevice s) {
  return multiply(reshape(a, Shape{a.size(), 1}, s), reshape(b, Shape{1, b.size()}, s), s);
}

array tensordot(const array& a, const array& b, const std::vector<int64_t>& a_axes,
                const std::vector<int64_t>& b_axes, StreamOrDevice s) {
  TANDEM_USER(a_axes.size() == b_axes.size(), ArgumentError, "tensordot",
              "expects as many axes of a as of b: got {} and {}", a_axes.size(), b_axes.size());
  const Grouped left = group(a, a_axes), right = group(b, b_axes);
  for (size_t i = 0; i < a_axes.size(); ++i) {
    const int64_t extent = a.shape(static_cast<int>(left.summed[i]));
    TANDEM_USER(extent == b.shape(static_cast<int>(right.summed[i])), ShapeError, "tensordot",
                "summed extents differ: got axis {} of {} x axis {} of {}", a_axes[i],
                to_string(a.shape()), b_axes[i], to_string(b.shape()));
  }
  Shape shape(left.kept_shape);
  shape.append(right.kept_shape.begin(), right.kept_shape.end());
  const array rows = reshape(transpose(a, joined(left.kept, left.summed), s),
                             Shape{left.kept_count, left.summed_count}, s);
  const array columns = reshape(transpose(b, joined(right.summed, right.kept), s),
                                Shape{right.summed_count, right.kept_count}, s);
  if (a_axes.empty()) return reshape(multiply(rows, columns, s), shape, s);
  return reshape(matmul(rows, columns, s), shape, s);
}

array tensordot(const array& a, const array& b, int64_t count, StreamOrDevice s) {
  TANDEM_USER(count >= 0 && count <= std::min(a.ndim(), b.ndim()), ArgumentError, "tensordot",
              "cannot sum over {} axes of {} x {}", count, to_string(a.shape()),
              to_string(b.shape()));
  std::vector<int64_t> last(static_cast<size_t>(count)), first(static_cast<size_t>(count));
  std::iota(last.begin(), last.end(), a.ndim() - count);
  std::iota(first.begin(), first.end(), 0);
  return tensordot(a, b, last, first, s);
}

array kron(const array& a, const array& b, StreamOrDevice s) {
  const int rank = std::max(a.ndim(), b.ndim());
  // Axes of a and b alternate: those of a come first in each pair.
  Shape wide_a, wide_b, result;
  for (int i = 0; i < rank; ++i) {
    const int own_a = i - (rank - a.ndim()), own_b = i - (rank - b.ndim());
    const int64_t extent_a = own_a < 0 ? 1 : a.shape(own_a);
    const int64_t extent_b = own_b < 0 ? 1 : b.shape(own_b);
    for (const int64_t extent : {extent_a, int64_t{1}}) wide_a.push_back(extent);
    for (const int64_t extent : {int64_t{1}, extent_b}) wide_b.push_back(extent);
    result.push_back(extent_a * extent_b);
  }
  element_count(result, "kron");
  return reshape(multiply(reshape(a, wide_a, s), reshape(b, wide_b, s), s), result, s);
}

array vecdot(const array& a, const array& b, int64_t axis, StreamOrDevice s) {
  const int left = normalize_axis(axis, a.ndim(), "vecdot");
  const int right = normalize_axis(axis, b.ndim(), "vecdot");
  TANDEM_USER(a.shape(left) == b.shape(right), ShapeError, "vecdot",
              "summed extents differ: got axis {} of {} x {}", axis, to_string(a.shape()),
              to_string(b.shape()));
  const array rows = moveaxis(is_complex(a.dtype()) ? conjugate(a, s) : a, left, -1, s);
  const array product = multiply(rows, moveaxis(b, right, -1, s), s);
  const array total = sum(product, std::vector<int64_t>{-1}, false, s);
  return astype(total, product.dtype(), s);
}

}  // namespace tandem
