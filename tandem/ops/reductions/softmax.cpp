#include "tandem/ops/reductions/softmax.h"

#include "tandem/base/check.h"
#include "tandem/ops/creation.h"
#include "tandem/ops/elementwise.h"
#include "tandem/ops/shapes/views.h"

namespace tandem {
namespace {

// The dtype of the result, and that of the computation.
struct Dtypes {
  Dtype result, wide;
};
Dtypes dtypes_of(const array& a) {
  const Dtype result = is_inexact(a.dtype()) ? a.dtype() : Dtype::float32;
  return {result, size_of(result) < 4 ? Dtype::float32 : result};
}

void check_axes(const array& a, const Axes& axes, std::string_view op) {
  if (!axes) return;
  for (const int64_t axis : *axes) normalize_axis(axis, a.ndim(), op);
}

// What bounds the exponentials: the greatest element, of complex numbers the greatest real part.
array greatest(const array& value, const Axes& axes, const StreamOrDevice& s) {
  return max(is_complex(value.dtype()) ? real(value, s) : value, axes, true, s);
}

}  // namespace

array softmax(const array& a, const Axes& axes, StreamOrDevice s) {
  const auto [result, wide] = dtypes_of(a);
  check_axes(a, axes, "softmax");
  const array value = astype(a, wide, s);
  if (a.size() == 0) return astype(value, result, s);
  const array exponential = exp(subtract(value, greatest(value, axes, s), s), s);
  return astype(divide(exponential, sum(exponential, axes, true, s), s), result, s);
}

array logsumexp(const array& a, const Axes& axes, bool keepdims, StreamOrDevice s) {
  const auto [result, wide] = dtypes_of(a);
  check_axes(a, axes, "logsumexp");
  TANDEM_USER(a.size() > 0, ArgumentError, "logsumexp", "there is nothing to sum: got shape {}",
              to_string(a.shape()));
  const array value = astype(a, wide, s);
  const array largest = greatest(value, axes, s);
  // Of infinities there is no difference.
  const array origin = where(isfinite(largest, s), largest, Scalar(0.0), s);
  const array total = sum(exp(subtract(value, origin, s), s), axes, true, s);
  array logarithm = add(log(total, s), origin, s);
  if (!keepdims) {
    if (axes) {
      logarithm = squeeze(logarithm, *axes, s);
    } else {
      logarithm = reshape(logarithm, Shape{}, s);
    }
  }
  return astype(logarithm, result, s);
}

}  // namespace tandem
