#include "tandem/ops/composites.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <limits>

#include "tandem/base/check.h"
#include "tandem/base/half.h"
#include "tandem/ops/creation.h"
#include "tandem/ops/elementwise.h"
#include "tandem/ops/reductions/reduce.h"

namespace tandem {
namespace {

bool is_half(Dtype dtype) { return dtype == Dtype::float16 || dtype == Dtype::bfloat16; }

double largest_finite(Dtype dtype) {
  switch (dtype) {
    case Dtype::float16:
      return 65504;
    case Dtype::bfloat16:
      return 0x1.fep127;
    case Dtype::float64:
      return std::numeric_limits<double>::max();
    default:
      return std::numeric_limits<float>::max();
  }
}

// Where comparing with a tolerance makes sense: float32 at least.
Dtype tolerance_dtype(Dtype a, Dtype b) {
  const Dtype common = promote(a, b);
  return is_inexact(common) && !is_half(common) ? common : Dtype::float32;
}

array both_nan(const array& x, const array& y, StreamOrDevice s) {
  return logical_and(isnan(x, s), isnan(y, s), s);
}

}  // namespace

array round(const Operand& a, int decimals, StreamOrDevice s) {
  const array x = a.to_array();
  const Dtype dtype = x.dtype();
  const double scale = std::pow(10.0, std::abs(decimals));
  if (!is_inexact(dtype)) {
    if (decimals >= 0) return x;
    const array quotient = divide(astype(x, Dtype::float64, s), scale, s);
    return astype(multiply(rint(quotient, s), scale, s), dtype, s);
  }
  if (decimals == 0) return rint(x, s);
  const array wide = is_half(dtype) ? astype(x, Dtype::float32, s) : x;
  const array rounded = decimals > 0 ? divide(rint(multiply(wide, scale, s), s), scale, s)
                                     : multiply(rint(divide(wide, scale, s), s), scale, s);
  return astype(rounded, dtype, s);
}

array clip(const Operand& a, const std::optional<Operand>& a_min,
           const std::optional<Operand>& a_max, StreamOrDevice s) {
  TANDEM_USER(a_min || a_max, ArgumentError, "clip",
              "at most one of a_min and a_max may be None: got None for both");
  if (!a_max) return maximum(a, *a_min, s);
  if (!a_min) return minimum(a, *a_max, s);
  return minimum(maximum(a, *a_min, s), *a_max, s);
}

array nan_to_num(const Operand& a, double nan, std::optional<double> posinf,
                 std::optional<double> neginf, StreamOrDevice s) {
  const array x = a.to_array();
  if (!is_inexact(x.dtype())) return x;
  if (is_complex(x.dtype())) {
    const array re = nan_to_num(real(x, s), nan, posinf, neginf, s);
    const array im = nan_to_num(imag(x, s), nan, posinf, neginf, s);
    return add(re, multiply(im, std::complex<float>(0, 1), s), s);
  }
  const double largest = largest_finite(x.dtype());
  const array below = where(isneginf(x, s), neginf.value_or(-largest), x, s);
  const array within = where(isposinf(x, s), posinf.value_or(largest), below, s);
  return where(isnan(x, s), nan, within, s);
}

std::pair<array, array> divmod(const Operand& a, const Operand& b, StreamOrDevice s) {
  const auto refuse_complex = [](const Operand& x) {
    const Dtype dtype = x.as_array() ? x.as_array()->dtype() : dtype_of(*x.as_scalar());
    TANDEM_USER(!is_complex(dtype), DTypeError, "divmod",
                "expects integers, booleans or floats: got {}", name_of(dtype));
  };
  refuse_complex(a);
  refuse_complex(b);
  return {floor_divide(a, b, s), remainder(a, b, s)};
}

array isclose(const Operand& a, const Operand& b, double rtol, double atol, bool equal_nan,
              StreamOrDevice s) {
  const array left = a.to_array();
  const array right = b.to_array();
  const Dtype dtype = tolerance_dtype(left.dtype(), right.dtype());
  const array x = astype(left, dtype, s);
  const array y = astype(right, dtype, s);
  const array allowed = add(multiply(abs(y, s), rtol, s), atol, s);
  const array near =
      logical_and(isfinite(y, s), less_equal(abs(subtract(x, y, s), s), allowed, s), s);
  const array result = logical_or(tandem::equal(x, y, s), near, s);
  return equal_nan ? logical_or(result, both_nan(x, y, s), s) : result;
}

array allclose(const Operand& a, const Operand& b, double rtol, double atol, bool equal_nan,
               StreamOrDevice s) {
  return all(isclose(a, b, rtol, atol, equal_nan, s), {}, false, s);
}

array array_equal(const Operand& a, const Operand& b, bool equal_nan, StreamOrDevice s) {
  const array x = a.to_array();
  const array y = b.to_array();
  if (!std::ranges::equal(x.shape(), y.shape())) return array(false);
  const array same = tandem::equal(x, y, s);
  const bool may_be_nan = equal_nan && is_inexact(x.dtype()) && is_inexact(y.dtype());
  return all(may_be_nan ? logical_or(same, both_nan(x, y, s), s) : same, {}, false, s);
}

}  // namespace tandem
