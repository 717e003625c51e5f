#include "tandem/ops/shapes/diagonal.h"

#include <algorithm>
#include <limits>

#include "tandem/ops/build.h"
#include "tandem/ops/creation.h"
#include "tandem/ops/elementwise.h"
#include "tandem/ops/indexing/gather.h"
#include "tandem/ops/reductions/reduce.h"
#include "tandem/ops/shapes/views.h"

namespace tandem {
namespace {

array range_of(int64_t count, int64_t step, Dtype dtype, const StreamOrDevice& s) {
  return arange(Scalar(int64_t{0}), Scalar(count * step), Scalar(step), dtype, s);
}

}  // namespace

array diagonal(const array& a, int64_t offset, int64_t axis1, int64_t axis2, StreamOrDevice s) {
  TANDEM_USER(a.ndim() >= 2, ShapeError, "diagonal", "needs at least two axes: got shape {}",
              to_string(a.shape()));
  const int first = normalize_axis(axis1, a.ndim(), "diagonal");
  const int second = normalize_axis(axis2, a.ndim(), "diagonal");
  TANDEM_USER(first != second, ArgumentError, "diagonal", "the axes must differ: got {} and {}",
              axis1, axis2);
  // Rows and columns become the last two axes.
  const int behind = second - (first < second ? 1 : 0);
  const array matrix = moveaxis(moveaxis(a, first, -1, s), behind, -1, s);
  const int64_t rows = matrix.shape(-2), columns = matrix.shape(-1);
  const int64_t row = std::max<int64_t>(0, std::min(rows, -offset));
  const int64_t column = std::max<int64_t>(0, std::min(columns, offset));
  const int64_t count = std::min(rows - row, columns - column);

  const size_t outer = matrix.shape().size() - 2;
  Shape shape(matrix.shape().first(outer));
  shape.push_back(count);
  if (element_count(shape) == 0) return zeros(shape, a.dtype(), s);
  if (matrix.evaluated()) {
    const Dims strides = matrix.node()->storage()->strides;
    Strides along(strides.first(outer));
    along.push_back(strides[outer] + strides[outer + 1]);
    return ops::view_of(matrix, shape, row * strides[outer] + column * strides[outer + 1],
                        std::move(along));
  }
  // Every (columns + 1)-th of the elements in row-major order.
  Shape flat(matrix.shape().first(outer)), starts(outer + 1, 0), steps(outer + 1, 1);
  flat.push_back(rows * columns);
  starts[outer] = row * columns + column;
  steps[outer] = columns + 1;
  return slice(reshape(matrix, flat, s), starts, shape, steps, s);
}

array diag(const array& a, int64_t k, StreamOrDevice s) {
  TANDEM_USER(a.ndim() == 1 || a.ndim() == 2, ShapeError, "diag",
              "expects one or two axes: got shape {}", to_string(a.shape()));
  if (a.ndim() == 2) return diagonal(a, k, 0, 1, s);
  const int64_t distance = k < 0 ? -k : k, n = a.size() + distance;
  element_count(Shape{n, n}, "diag");
  if (a.size() == 0) return zeros(Shape{n, n}, a.dtype(), s);
  const array index = range_of(n, 1, Dtype::int64, s);
  const array rows = reshape(index, Shape{n, 1}, s);
  // Above the main diagonal element i stands in row i, below it in column i; where the index is out
  // of range no element is wanted.
  const array element = take(a, index, 0, s);
  const array spread = k < 0 ? element : reshape(element, Shape{n, 1}, s);
  return where(equal(subtract(index, rows, s), k, s), spread,
               full(Shape{}, Scalar(int64_t{0}), a.dtype(), s), s);
}

array trace(const array& a, int64_t offset, int64_t axis1, int64_t axis2,
            std::optional<Dtype> dtype, StreamOrDevice s) {
  const array elements = diagonal(a, offset, axis1, axis2, s);
  const std::vector<int64_t> last = {-1};
  if (!dtype) return sum(elements, last, false, s);
  return astype(sum(astype(elements, *dtype, s), last, false, s), *dtype, s);
}

array as_strided(const array& a, std::optional<Shape> shape, std::optional<Strides> strides,
                 int64_t offset, StreamOrDevice s) {
  const Shape extents = shape ? *shape : Shape(a.shape());
  const int64_t count = element_count(extents, "as_strided");
  const Strides steps = strides ? *strides : row_major_strides(extents);
  TANDEM_USER(extents.size() == steps.size(), ShapeError, "as_strided",
              "expects one stride for each axis: got {} for shape {}", steps.size(),
              to_string(extents));
  if (count == 0) return zeros(extents, a.dtype(), s);
  __int128 low = offset, high = offset;
  for (size_t i = 0; i < extents.size(); ++i) {
    const __int128 reach = static_cast<__int128>(extents[i] - 1) * steps[i];
    (reach < 0 ? low : high) += reach;
  }
  TANDEM_USER(low >= 0 && high < a.size(), ShapeError, "as_strided",
              "shape {}, strides {} and offset {} reach outside of {} elements", to_string(extents),
              to_string(steps), offset, a.size());
  if (a.evaluated() && is_row_major(a.shape(), a.node()->storage()->strides)) {
    return ops::view_of(a, extents, offset, steps);
  }
  const bool wide = a.size() > std::numeric_limits<int32_t>::max();
  const Dtype dtype = wide ? Dtype::int64 : Dtype::int32;
  array positions = full(Shape{}, Scalar(offset), dtype, s);
  for (size_t i = 0; i < extents.size(); ++i) {
    Shape aligned(extents.size() - i, 1);
    aligned[0] = extents[i];
    const array terms = multiply(range_of(extents[i], 1, dtype, s), steps[i], s);
    positions = add(positions, reshape(terms, aligned, s), s);
  }
  return take(reshape(a, Shape{-1}, s), positions, 0, s);
}

}  // namespace tandem
