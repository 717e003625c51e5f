// Inverse trigonometric and hyperbolic functions in double precision. Coefficients come from
// tools/coefficients/float64_inverse.sollya.
#pragma once

#include "tandem/op_table/float64/exp_log.h"

namespace tandem::op_table::float64 {

inline constexpr double kQuarterPiHigh = 0x1.921fb54442d18p-1;
inline constexpr double kQuarterPiLow = 0x1.1a62633145c07p-55;

// base pi/4 + sign atan(small / large), for whole base and 0 <= small <= large, not both zero or
// infinite.
template <class F>
F angle_from(F base, F sign, F small, F large) {
  // Above tan(pi/8) the angle is pi/4 - atan((large - small) / (large + small)).
  const auto upper = like(base, 0x1.a827999fcef32p-2) * large < small;
  const F zero = like(base, 0.0);
  const DoubleFloat<F> difference = two_sum(large, -small);
  const DoubleFloat<F> sum = two_sum(large, small);
  const F num = select(upper, difference.high, small);
  const F den = select(upper, sum.high, large);
  const F u = num / den;
  const F rest = fma(-u, den, num) + fma(-u, sum.low, difference.low);
  const F u_low = select(upper, rest, fma(-u, den, num)) / den;
  const F z = u * u;
  const F tail =
      u * z *
      float64::polynomial(z, -0x1.5555555555555p-2, 0x1.9999999999815p-3, -0x1.2492492481cb2p-3,
                          0x1.c71c71bca7f6bp-4, -0x1.745d1567cab1fp-4, 0x1.3b137c1c13a14p-4,
                          -0x1.110d2e7b73599p-4, 0x1.e17f2d883c611p-5, -0x1.abcbc71fa3957p-5,
                          0x1.7214691d13719p-5, -0x1.14b79fd94a39fp-5, 0x1.fb671f0c2e6cep-7);
  const F multiple = base + select(upper, sign, zero);
  const F signed_one = select(upper, -sign, sign);
  const F quarter = like(base, kQuarterPiHigh);
  const F start = multiple * quarter;
  const F start_low = fma(multiple, like(base, kQuarterPiLow), fma(multiple, quarter, -start));
  const DoubleFloat<F> angle = renormalise(start, signed_one * u);
  const F low = fma(signed_one, u_low + tail, start_low);
  return angle.high + (angle.low + low);
}

template <class F>
F atan(F x) {
  const F t = abs(x);
  const F one = like(x, 1.0);
  const auto inverted = one < t;
  const F angle =
      float64::angle_from(select(inverted, like(x, 2.0), like(x, 0.0)), select(inverted, -one, one),
                          select(inverted, one, t), select(inverted, t, one));
  const F large =
      select(is_nan(x), t, select(like(x, 0x1p60) < t, like(x, 2 * kQuarterPiHigh), angle));
  return copysign(select(t < like(x, 0x1p-28), t, large), x);
}

// The angle of the point (x, y); the signs of zeros and infinities count as in C.
template <class F>
F atan2(F y, F x) {
  const F one = like(x, 1.0);
  const F zero = like(x, 0.0);
  const F infinity = like(x, kInf);
  F a = abs(x);
  F b = abs(y);
  // Both infinite or both zero stand for the diagonal and the axis.
  const auto both_infinite = (a == infinity) & (b == infinity);
  a = select(both_infinite | ((a == zero) & (b == zero)), one, a);
  b = select(both_infinite, one, b);
  const auto steep = a < b;
  const F large = select(steep, b, a);
  const F factor = select(like(x, 0x1p900) < large, like(x, 0x1p-200),
                          select(large < like(x, 0x1p-800), like(x, 0x1p200), one));
  const F scaled_large = min(large * factor, like(x, 0x1p1000));
  const F small = select(large == infinity, zero, select(steep, a, b) * factor);
  const auto left = copysign(one, x) < zero;
  // steep: pi/2 - angle; left: pi - angle; both: pi/2 + angle.
  const F base = select(steep, like(x, 2.0), select(left, like(x, 4.0), zero));
  const F sign = select(steep ^ left, -one, one);
  const F angle = float64::angle_from(base, sign, small, scaled_large);
  const F nan = like(x, kQuietNan);
  return select(is_nan(x) | is_nan(y), nan, copysign(angle, y));
}

}  // namespace tandem::op_table::float64
