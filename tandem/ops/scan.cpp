#include "tandem/ops/scan.h"

#include <limits>

#include "tandem/op_table/reduction.h"
#include "tandem/ops/build.h"
#include "tandem/ops/creation.h"
#include "tandem/ops/elementwise.h"
#include "tandem/ops/join.h"
#include "tandem/ops/views.h"

namespace tandem {
namespace {

using op_table::Reduction;

struct Line {
  array value;
  int axis;
};

// What is scanned, and along which axis.
Line line_of(const array& a, std::optional<int64_t> axis, std::string_view op,
             const StreamOrDevice& s) {
  if (!axis) return {a.ndim() == 1 ? a : flatten(a, 0, -1, s), 0};
  const int along = normalize_axis(*axis, a.ndim(), op);
  TANDEM_USER(a.ndim() <= 64, ShapeError, op, "more than 64 dimensions: got {}", a.ndim());
  return {a, along};
}

array scan(Reduction reduction, const Line& line, Dtype dtype, bool reverse, bool inclusive,
           const StreamOrDevice& s) {
  return ops::make(
      {.op = graph::Structured::scan,
       .dtype = dtype,
       .shape = line.value.shape(),
       .inputs = std::span(&line.value, 1),
       .attributes = graph::intern({static_cast<int64_t>(reduction), int64_t{1} << line.axis,
                                    reverse ? 1 : 0, inclusive ? 0 : 1})},
      s);
}

array extreme(Reduction reduction, std::string_view op, const array& a, std::optional<int64_t> axis,
              bool reverse, bool inclusive, const StreamOrDevice& s) {
  TANDEM_USER(!is_complex(a.dtype()), DTypeError, op, "complex numbers have no order");
  const Line line = line_of(a, axis, op, s);
  return scan(reduction, line, a.dtype(), reverse, inclusive, s);
}

array part(const array& a, int axis, int64_t start, int64_t count, const StreamOrDevice& s) {
  const auto rank = static_cast<size_t>(a.ndim());
  Shape starts(rank, 0), extents(a.shape()), steps(rank, 1);
  starts[static_cast<size_t>(axis)] = start;
  extents[static_cast<size_t>(axis)] = count;
  return slice(a, starts, extents, steps, s);
}

// Element i becomes op(i - distance, i); the first `distance` stay.
array log_add_at_distance(const array& a, int axis, int64_t distance, const StreamOrDevice& s) {
  const int64_t rest = a.shape(axis) - distance;
  const array parts[] = {part(a, axis, 0, distance, s),
                         logaddexp(part(a, axis, 0, rest, s), part(a, axis, distance, rest, s), s)};
  return concatenate(parts, axis, s);
}

array shifted_by_one(const array& a, int axis, const StreamOrDevice& s) {
  Shape first(a.shape());
  first[static_cast<size_t>(axis)] = 1;
  const array parts[] = {
      full(first, Scalar(-std::numeric_limits<double>::infinity()), a.dtype(), s),
      part(a, axis, 0, a.shape(axis) - 1, s)};
  return concatenate(parts, axis, s);
}

}  // namespace

array cumsum(const array& a, std::optional<int64_t> axis, bool reverse, bool inclusive,
             StreamOrDevice s) {
  const Dtype dtype = a.dtype() == Dtype::bool_ ? Dtype::int32 : a.dtype();
  return scan(Reduction::sum, line_of(a, axis, "cumsum", s), dtype, reverse, inclusive, s);
}

array cumprod(const array& a, std::optional<int64_t> axis, bool reverse, bool inclusive,
              StreamOrDevice s) {
  TANDEM_USER(!is_complex(a.dtype()), DTypeError, "cumprod", "complex64 is not offered");
  return scan(Reduction::prod, line_of(a, axis, "cumprod", s), a.dtype(), reverse, inclusive, s);
}

array cummax(const array& a, std::optional<int64_t> axis, bool reverse, bool inclusive,
             StreamOrDevice s) {
  return extreme(Reduction::max, "cummax", a, axis, reverse, inclusive, s);
}

array cummin(const array& a, std::optional<int64_t> axis, bool reverse, bool inclusive,
             StreamOrDevice s) {
  return extreme(Reduction::min, "cummin", a, axis, reverse, inclusive, s);
}

array logcumsumexp(const array& a, std::optional<int64_t> axis, bool reverse, bool inclusive,
                   StreamOrDevice s) {
  TANDEM_USER(!is_complex(a.dtype()), DTypeError, "logcumsumexp", "complex64 is not offered");
  const Dtype dtype = is_inexact(a.dtype()) ? a.dtype() : Dtype::float32;
  const bool narrow = size_of(dtype) < 4;
  auto [value, along] =
      line_of(astype(a, narrow ? Dtype::float32 : dtype, s), axis, "logcumsumexp", s);
  if (value.size() == 0) return astype(value, dtype, s);
  const std::vector<int64_t> axes = {along};
  if (reverse) value = flip(value, axes, s);
  for (int64_t distance = 1; distance < value.shape(along); distance *= 2) {
    value = log_add_at_distance(value, along, distance, s);
  }
  if (!inclusive) value = shifted_by_one(value, along, s);
  if (reverse) value = flip(value, axes, s);
  return astype(value, dtype, s);
}

}  // namespace tandem
