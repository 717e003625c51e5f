// Reference values of the leaves: float32 in double precision, both in quadruple precision.
#pragma once

#include <quadmath.h>

#include <cmath>

#include "tandem/op_table/scalar_math.h"

namespace tandem::op_table {

// The inverse of erf in quadruple precision: Newton's method from a bound within 5 %, on erfc where
// erf is flat.
inline __float128 inverse_of_erf(__float128 x) {
  const __float128 t = fabsq(x);
  if (!(t < 1)) return t == 1 ? x / (1 - t) : nanq("");
  if (t == 0) return x;
  const __float128 pi = 4 * atanq(1);
  const __float128 slope = sqrtq(pi) / 2;  // at 0
  const __float128 w = log1pq(-t * t);
  const __float128 half = 2 / (pi * 0.147) + w / 2;
  __float128 y = t < 1e-3 ? t * slope : sqrtq(sqrtq(half * half - w / 0.147) - half);
  for (int step = 0; step < 6; ++step) {
    const __float128 error = t < 0.5 ? erfq(y) - t : (1 - t) - erfcq(y);
    y -= error * slope * expq(y * y);
  }
  return copysignq(y, x);
}

// A step of Newton's method from the float64 leaf, quick enough for every float32 input.
inline double refined_inverse_of_erf(double x) {
  const double t = std::fabs(x);
  const double y = Leaf<LeafId::erfinv>::text(F64{t}).v;
  if (!(0 < t && t < 1)) return std::copysign(y, x);
  const double error = t < 0.5 ? std::erf(y) - t : (1 - t) - std::erfc(y);
  return std::copysign(y - error * std::exp(y * y) / M_2_SQRTPI, x);
}

template <LeafId id>
struct LeafReference;

#define TANDEM_REFERENCE(leaf, double_text, quad_text)         \
  template <>                                                  \
  struct LeafReference<LeafId::leaf> {                         \
    static double f64(double x) { return double_text; }        \
    static __float128 quad(__float128 x) { return quad_text; } \
  };
#define TANDEM_REFERENCE_2(leaf)                                                 \
  template <>                                                                    \
  struct LeafReference<LeafId::leaf> {                                           \
    static double f64(double x, double y) { return std::leaf(x, y); }            \
    static __float128 quad(__float128 x, __float128 y) { return leaf##q(x, y); } \
  };
TANDEM_REFERENCE(exp, std::exp(x), expq(x))
TANDEM_REFERENCE(log, std::log(x), logq(x))
TANDEM_REFERENCE(expm1, std::expm1(x), expm1q(x))
TANDEM_REFERENCE(log1p, std::log1p(x), log1pq(x))
TANDEM_REFERENCE(log2, std::log2(x), log2q(x))
TANDEM_REFERENCE(log10, std::log10(x), log10q(x))
TANDEM_REFERENCE(sin, std::sin(x), sinq(x))
TANDEM_REFERENCE(cos, std::cos(x), cosq(x))
TANDEM_REFERENCE(tan, std::tan(x), tanq(x))
TANDEM_REFERENCE(tanh, std::tanh(x), tanhq(x))
TANDEM_REFERENCE(sinh, std::sinh(x), sinhq(x))
TANDEM_REFERENCE(cosh, std::cosh(x), coshq(x))
TANDEM_REFERENCE(sigmoid, 1 / (1 + std::exp(-x)), 1 / (1 + expq(-x)))
TANDEM_REFERENCE(erf, std::erf(x), erfq(x))
TANDEM_REFERENCE(atan, std::atan(x), atanq(x))
TANDEM_REFERENCE(asin, std::asin(x), asinq(x))
TANDEM_REFERENCE(acos, std::acos(x), acosq(x))
TANDEM_REFERENCE(asinh, std::asinh(x), asinhq(x))
TANDEM_REFERENCE(acosh, std::acosh(x), acoshq(x))
TANDEM_REFERENCE(atanh, std::atanh(x), atanhq(x))
TANDEM_REFERENCE(erfinv, refined_inverse_of_erf(x), inverse_of_erf(x))
TANDEM_REFERENCE_2(atan2)
TANDEM_REFERENCE_2(pow)
TANDEM_REFERENCE_2(fmod)
#undef TANDEM_REFERENCE_2
#undef TANDEM_REFERENCE

}  // namespace tandem::op_table
