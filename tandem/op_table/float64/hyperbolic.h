// Hyperbolic functions in double precision, all from exp(x) in two parts.
#pragma once

#include "tandem/op_table/float64/exp_log.h"

namespace tandem::op_table::float64 {

inline constexpr double kNearZero = 0x1p-26;  // below it two terms of the series are enough

// h / (h + 1) with h = (exp(2 x) - 1) / 2.
template <class F>
F tanh(F x) {
  const F t = abs(x);
  const F bounded = min(t, like(x, 22.0));
  const DoubleFloat<F> h = float64::half_expm1(bounded + bounded);
  const DoubleFloat<F> sum = two_sum(h.high, like(x, 1.0));
  const F usual = float64::divide(h, DoubleFloat<F>{sum.high, sum.low + h.low});
  const F near_zero = fma(t * t * like(x, -0x1.5555555555555p-2), t, t);
  return copysign(select(t < like(x, kNearZero), near_zero, usual), x);
}
// h + h / (2 h + 1) with h = (exp(x) - 1) / 2.
template <class F>
F sinh(F x) {
  const F t = abs(x);
  const DoubleFloat<F> e = float64::half_exp(min(t, like(x, 720.0)));
  const DoubleFloat<F> sum = two_sum(e.high, like(x, -0.5));
  const DoubleFloat<F> h = renormalise(sum.high, sum.low + e.low);
  const F half = like(x, 0.5) * h.high;
  const F ratio = half / e.high;
  const F ratio_low = fma(like(x, 0.5), h.low, fma(-ratio, e.high, half)) / e.high;
  const DoubleFloat<F> total = renormalise(h.high, ratio);
  const F usual = total.high + (total.low + (h.low + ratio_low));
  const F near_zero = fma(t * t * like(x, 0x1.5555555555555p-3), t, t);
  const F large = e.high + e.low;
  const F result = select(t < like(x, 40.0), usual, large);
  return copysign(select(t < like(x, kNearZero), near_zero, result), x);
}
template <class F>
F cosh(F x) {
  const DoubleFloat<F> e = float64::half_exp(min(abs(x), like(x, 720.0)));
  return e.high + (e.low + like(x, 0.25) / e.high);
}

}  // namespace tandem::op_table::float64
