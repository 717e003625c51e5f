#include "tandem/ops/reductions/reduce.h"

#include <algorithm>

#include "tandem/op_table/reduction.h"
#include "tandem/ops/build.h"
#include "tandem/ops/creation.h"
#include "tandem/ops/elementwise.h"
#include "tandem/ops/reductions/complex_fold.h"
#include "tandem/ops/shapes/views.h"

namespace tandem {
namespace {

using op_table::Reduction;

struct Reduced {
  uint64_t mask = 0;  // bit i: axis i is reduced
  int64_t count = 1;  // elements per result
};

Reduced reduced_axes(const array& a, const Axes& axes, std::string_view op) {
  TANDEM_USER(a.ndim() <= 64, ShapeError, op, "more than 64 dimensions: got {}", a.ndim());
  Reduced result;
  const auto add = [&](int axis) {
    const uint64_t bit = uint64_t{1} << axis;
    TANDEM_USER((result.mask & bit) == 0, ArgumentError, op, "axis {} is named twice", axis);
    result.mask |= bit;
    result.count *= a.shape()[static_cast<size_t>(axis)];
  };
  if (axes) {
    for (const int64_t axis : *axes) add(normalize_axis(axis, a.ndim(), op));
  } else {
    for (int axis = 0; axis < a.ndim(); ++axis) add(axis);
  }
  return result;
}

array reduce(Reduction reduction, const array& a, Dtype dtype, uint64_t mask, bool keepdims,
             const StreamOrDevice& s) {
  Shape shape;
  for (int axis = 0; axis < a.ndim(); ++axis) {
    if ((mask >> axis & 1) == 0) {
      shape.push_back(a.shape()[static_cast<size_t>(axis)]);
    } else if (keepdims) {
      shape.push_back(1);
    }
  }
  return ops::make({.op = graph::Structured::reduce,
                    .dtype = dtype,
                    .shape = shape,
                    .inputs = std::span(&a, 1),
                    .attributes = graph::intern({static_cast<int64_t>(reduction),
                                                 static_cast<int64_t>(mask), keepdims ? 1 : 0})},
                   s);
}

// Small integers are summed and multiplied in 32 bits.
Dtype accumulated(Dtype dtype) {
  if (dtype == Dtype::bool_ || dtype == Dtype::int8 || dtype == Dtype::int16) return Dtype::int32;
  if (dtype == Dtype::uint8 || dtype == Dtype::uint16) return Dtype::uint32;
  return dtype;
}

array accumulate(Reduction reduction, const array& a, const Axes& axes, bool keepdims,
                 const StreamOrDevice& s) {
  const Reduced reduced = reduced_axes(a, axes, op_table::name_of(reduction));
  const Dtype dtype = accumulated(a.dtype());
  if (reduced.mask == 0) return astype(a, dtype, s);
  if (is_complex(dtype) && reduction == Reduction::prod) {
    if (reduced.count > 0) return ops::fold(a, reduced.mask, keepdims, &multiply, s);
    return full(sum(a, axes, keepdims, s).shape(), Scalar(1.0), dtype, s);
  }
  return reduce(reduction, a, dtype, reduced.mask, keepdims, s);
}

array extreme(Reduction reduction, const array& a, const Axes& axes, bool keepdims,
              const StreamOrDevice& s) {
  const std::string_view op = op_table::name_of(reduction);
  const Reduced reduced = reduced_axes(a, axes, op);
  TANDEM_USER(reduced.count > 0, ArgumentError, op, "an empty extent has no extreme: got shape {}",
              to_string(a.shape()));
  if (reduced.mask == 0) return a;
  if (is_complex(a.dtype())) {
    // By the real part, then the imaginary one, as sort orders them.
    return ops::fold(a, reduced.mask, keepdims,
                     reduction == Reduction::max ? &ops::greater_complex : &ops::lesser_complex, s);
  }
  return reduce(reduction, a, a.dtype(), reduced.mask, keepdims, s);
}

array truth(Reduction reduction, const array& a, const Axes& axes, bool keepdims,
            const StreamOrDevice& s) {
  const Reduced reduced = reduced_axes(a, axes, op_table::name_of(reduction));
  if (reduced.mask == 0) return astype(a, Dtype::bool_, s);
  return reduce(reduction, a, Dtype::bool_, reduced.mask, keepdims, s);
}

array position(Reduction reduction, const array& a, std::optional<int64_t> axis, bool keepdims,
               const StreamOrDevice& s) {
  const std::string_view op = op_table::name_of(reduction);
  Axes axes;
  if (axis) axes = std::vector<int64_t>{*axis};
  const Reduced reduced = reduced_axes(a, axes, op);
  TANDEM_USER(reduced.count > 0, ArgumentError, op, "an empty extent has no extreme: got shape {}",
              to_string(a.shape()));
  TANDEM_USER(reduced.count <= int64_t{1} << 32, ArgumentError, op,
              "positions are uint32: got {} elements", reduced.count);
  if (reduced.mask == 0) return zeros(a.shape(), Dtype::uint32, s);  // a scalar
  if (is_complex(a.dtype())) {
    const array most =
        reduction == Reduction::argmax ? max(a, axes, true, s) : min(a, axes, true, s);
    return ops::first_position(a, most, axis, keepdims, s);
  }
  return reduce(reduction, a, Dtype::uint32, reduced.mask, keepdims, s);
}

// Integers and booleans are averaged in float32, float16 and bfloat16 too, with one rounding at the
// end.
Dtype mean_type(Dtype dtype) {
  return is_inexact(dtype) && size_of(dtype) >= 4 ? dtype : Dtype::float32;
}

// Of distances, which are real for complex numbers too.
Dtype deviation_type(Dtype dtype) { return is_floating(dtype) ? dtype : Dtype::float32; }

}  // namespace

array sum(const array& a, const Axes& axes, bool keepdims, StreamOrDevice s) {
  return accumulate(Reduction::sum, a, axes, keepdims, s);
}
array prod(const array& a, const Axes& axes, bool keepdims, StreamOrDevice s) {
  return accumulate(Reduction::prod, a, axes, keepdims, s);
}
array min(const array& a, const Axes& axes, bool keepdims, StreamOrDevice s) {
  return extreme(Reduction::min, a, axes, keepdims, s);
}
array max(const array& a, const Axes& axes, bool keepdims, StreamOrDevice s) {
  return extreme(Reduction::max, a, axes, keepdims, s);
}
array all(const array& a, const Axes& axes, bool keepdims, StreamOrDevice s) {
  return truth(Reduction::all, a, axes, keepdims, s);
}
array any(const array& a, const Axes& axes, bool keepdims, StreamOrDevice s) {
  return truth(Reduction::any, a, axes, keepdims, s);
}
array argmin(const array& a, std::optional<int64_t> axis, bool keepdims, StreamOrDevice s) {
  return position(Reduction::argmin, a, axis, keepdims, s);
}
array argmax(const array& a, std::optional<int64_t> axis, bool keepdims, StreamOrDevice s) {
  return position(Reduction::argmax, a, axis, keepdims, s);
}

array count_nonzero(const array& a, const Axes& axes, bool keepdims, StreamOrDevice s) {
  reduced_axes(a, axes, "count_nonzero");
  return sum(astype(a, Dtype::bool_, s), axes, keepdims, s);
}

array mean(const array& a, const Axes& axes, bool keepdims, StreamOrDevice s) {
  const Reduced reduced = reduced_axes(a, axes, "mean");
  const Dtype result = is_inexact(a.dtype()) ? a.dtype() : Dtype::float32;
  const array total = sum(astype(a, mean_type(a.dtype()), s), axes, keepdims, s);
  return astype(divide(total, Scalar(static_cast<double>(reduced.count)), s), result, s);
}

array var(const array& a, const Axes& axes, bool keepdims, int ddof, StreamOrDevice s) {
  const Reduced reduced = reduced_axes(a, axes, "var");
  const Dtype result = deviation_type(a.dtype());
  const array wide = astype(a, mean_type(a.dtype()), s);
  const array distance = subtract(wide, mean(wide, axes, true, s), s);
  const array squares = is_complex(a.dtype())
                            ? add(square(real(distance, s), s), square(imag(distance, s), s), s)
                            : multiply(distance, distance, s);
  const array total = sum(squares, axes, keepdims, s);
  const auto divisor = static_cast<double>(std::max<int64_t>(reduced.count - ddof, 0));
  return astype(divide(total, Scalar(divisor), s), result, s);
}

array std(const array& a, const Axes& axes, bool keepdims, int ddof, StreamOrDevice s) {
  const Dtype result = deviation_type(a.dtype());
  const array variance = var(astype(a, mean_type(a.dtype()), s), axes, keepdims, ddof, s);
  return astype(sqrt(variance, s), result, s);
}

}  // namespace tandem
