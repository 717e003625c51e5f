#include "tandem/ops/reductions/scan.h"

#include <limits>

#include "tandem/op_table/reduction.h"
#include "tandem/ops/build.h"
#include "tandem/ops/creation.h"
#include "tandem/ops/elementwise.h"
#include "tandem/ops/reductions/complex_fold.h"
#include "tandem/ops/shapes/join.h"
#include "tandem/ops/shapes/views.h"

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
  const Line line = line_of(a, axis, op, s);
  if (is_complex(a.dtype())) {
    const bool most = reduction == Reduction::max;
    const float least = std::numeric_limits<float>::infinity() * (most ? -1.0f : 1.0f);
    return ops::scan_pairs(line.value, line.axis, reverse, inclusive,
                           most ? &ops::greater_complex : &ops::lesser_complex,
                           Scalar(std::complex<float>(least, least)), s);
  }
  return scan(reduction, line, a.dtype(), reverse, inclusive, s);
}

}  // namespace

array cumsum(const array& a, std::optional<int64_t> axis, bool reverse, bool inclusive,
             StreamOrDevice s) {
  const Dtype dtype = a.dtype() == Dtype::bool_ ? Dtype::int32 : a.dtype();
  return scan(Reduction::sum, line_of(a, axis, "cumsum", s), dtype, reverse, inclusive, s);
}

array cumprod(const array& a, std::optional<int64_t> axis, bool reverse, bool inclusive,
              StreamOrDevice s) {
  const Line line = line_of(a, axis, "cumprod", s);
  if (is_complex(a.dtype())) {
    return ops::scan_pairs(line.value, line.axis, reverse, inclusive, &multiply,
                           Scalar(std::complex<float>(1.0f)), s);
  }
  return scan(Reduction::prod, line, a.dtype(), reverse, inclusive, s);
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
  const Dtype dtype = is_inexact(a.dtype()) ? a.dtype() : Dtype::float32;
  const bool narrow = size_of(dtype) < 4;
  const Line line = line_of(astype(a, narrow ? Dtype::float32 : dtype, s), axis, "logcumsumexp", s);
  const array value = ops::scan_pairs(line.value, line.axis, reverse, inclusive, &logaddexp,
                                      Scalar(-std::numeric_limits<double>::infinity()), s);
  return astype(value, dtype, s);
}

}  // namespace tandem
