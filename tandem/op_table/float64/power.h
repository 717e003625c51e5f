// Powers and the exact remainder in double precision. Coefficients come from
// tools/coefficients/float64_log.sollya and float64_exp.sollya.
#pragma once

#include "tandem/op_table/float64/exp_log.h"

namespace tandem::op_table::float64 {

// log2((1 + s) / (1 - s)) - K s, to 2^-66 of K s; s = high + low, |s| <= 0.172.
template <class F>
DoubleFloat<F> log2_tail(DoubleFloat<F> s) {
  const F w = s.high * s.high;
  const F w_low = fma(s.high, s.high, -w);
  const F c3 = like(w, 0x1.ec709dc3a03fdp-1);
  const F rest =
      w * float64::polynomial(w, 0x1.2776c50ef9bfep-1, 0x1.a61762a7ae1f6p-2, 0x1.484b13d7835ccp-2,
                              0x1.0c9a84bec9f48p-2, 0x1.c68f3c4444044p-3, 0x1.89f91d75206d8p-3,
                              0x1.5af575c8e3ae7p-3, 0x1.412f685b16703p-3, 0x1.ca95f07285b76p-4);
  const DoubleFloat<F> p = renormalise(c3, rest);
  const F p_low = p.low + like(w, 0x1.d27f05548af0cp-55);
  const F product = w * p.high;
  const F product_low = fma(w, p_low, fma(w_low, p.high, fma(w, p.high, -product)));
  const F tail = s.high * product;
  const F three = like(w, 3.0);
  const F tail_low =
      fma(s.high, product_low, fma(s.low * three, product, fma(s.high, product, -tail)));
  return {tail, tail_low};
}

// log2(x) for finite x above 0.
template <class F>
DoubleFloat<F> log2_extended(F x) {
  const Normalised<F> a = float64::normalise(x);
  const F two = like(x, 2.0);
  // s = f / (2 + f), its error from the exact remainder.
  const F reciprocal = like(x, 1.0) / (a.f + two);
  const F s_high = a.f * reciprocal;
  const F s_low = fma(-s_high, a.f, fma(-s_high, two, a.f)) * reciprocal;
  const DoubleFloat<F> tail = float64::log2_tail(DoubleFloat<F>{s_high, s_low});
  const F k_high = like(x, 0x1.71547652b82fep1);
  const F main = k_high * s_high;
  const F main_low =
      fma(k_high, s_low, fma(like(x, 0x1.777d0ffda0d24p-55), s_high, fma(k_high, s_high, -main)));
  const DoubleFloat<F> with_exponent = renormalise(a.exponent, main);
  const DoubleFloat<F> sum = renormalise(with_exponent.high, tail.high);
  return renormalise(sum.high, sum.low + (with_exponent.low + (main_low + tail.low)));
}

// |x|^y for finite x that is not 0.
template <class F>
F power_of_magnitude(F magnitude, F y) {
  const DoubleFloat<F> logarithm = float64::log2_extended(magnitude);
  // Beyond this bound every power but that of 1 overflows or underflows.
  const F bounded_y = max(min(y, like(y, 0x1p80)), like(y, -0x1p80));
  const F product = bounded_y * logarithm.high;
  const F product_low = fma(bounded_y, logarithm.low, fma(bounded_y, logarithm.high, -product));
  const F limit = like(y, 1200.0);
  const F bounded = max(min(product, limit), -limit);
  const F low = select(bounded == product, product_low, like(y, 0.0));
  const F n = rint(bounded);
  const DoubleFloat<F> r = renormalise(bounded - n, low);
  // 2^r - 1 = r c1 + r^2 q with c1 in two parts.
  const F c1 = like(y, 0x1.62e42fefa39efp-1);
  const F q = float64::polynomial(
      r.high, 0x1.ebfbdff82c598p-3, 0x1.c6b08d704a1d3p-5, 0x1.3b2ab6fba1ebcp-7,
      0x1.5d87fe7874962p-10, 0x1.43091309470abp-13, 0x1.ffcbfd4783777p-17, 0x1.62bfd4d48e42p-20,
      0x1.b523363f91399p-24, 0x1.e605ad0361edap-28, 0x1.ec6aabe72d7b6p-32);
  const F first = r.high * c1;
  const F first_low =
      fma(r.low, c1, fma(r.high, like(y, 0x1.abc9e3b39803fp-56), fma(r.high, c1, -first)));
  const DoubleFloat<F> sum = renormalise(like(y, 1.0), first);
  const F p = sum.high + (sum.low + fma(r.high * r.high, q, first_low));
  return float64::scale(p, n);
}

// C's pow: pow(x, 0) = pow(1, y) = 1 also of NaN; NaN for negative x and a fractional y.
template <class F>
F pow(F x, F y) {
  const F zero = like(x, 0.0);
  const F one = like(x, 1.0);
  const F infinity = like(x, kInf);
  const F magnitude = abs(x);
  const auto y_negative = y < zero;
  const F of_zero = select(y_negative, infinity, zero);
  const F of_infinity = select(y_negative, zero, infinity);
  F result = float64::power_of_magnitude(magnitude, y);
  result = select(magnitude == zero, of_zero, result);
  result = select(magnitude == infinity, of_infinity, result);
  const F half_y = y * like(y, 0.5);
  const auto whole = rint(y) == y;
  const auto odd = whole & (rint(half_y) != half_y) & (abs(y) < like(y, 0x1p53));
  const auto negative = bits(x) < bits(zero);
  result = select(odd & negative, -result, result);
  const auto invalid = (x < zero) & ~whole & (magnitude < infinity);
  result = select(invalid | is_nan(x) | is_nan(y), like(x, kQuietNan), result);
  return select((y == zero) | (x == one), one, result);
}

// The biased exponent of a float that is not negative, below 1 for subnormals.
template <class F>
F exponent_of(F x) {
  const auto subnormal = x < like(x, kMinNormal);
  const auto pattern = bits(select(subnormal, x * like(x, 0x1p54), x));
  const F field = float64::small_to_float(x, shr(pattern, like(pattern, 52)));
  return select(subnormal, field - like(x, 54.0), field);
}

// x - y trunc(x / y), exactly. Long division, 51 bits of the quotient a step; all steps but the
// first few are idle unless the exponents are far apart.
template <class F>
F fmod(F x, F y) {
  const F zero = like(x, 0.0);
  const F infinity = like(x, kInf);
  const F divisor = abs(y);
  const F magnitude = abs(x);
  const auto valid = (magnitude < infinity) & (zero < divisor);
  F r = select(valid, magnitude, zero);
  const F d = select(valid & (divisor < infinity), divisor, infinity);
  const F shift = max(float64::exponent_of(r) - float64::exponent_of(d) - like(x, 50.0), zero);
  // 2^shift as three powers: it may exceed the largest float where d is subnormal.
  const F third = rint(shift * like(x, 0x1.5555555555555p-2));
  const F power = float64::power_of_two(third);
  F scaled = d * power * power * float64::power_of_two(shift - third - third);
  for (int step = 0; step < 43; ++step) {
    if constexpr (requires { any_true(d <= r); }) {
      if (!any_true(d <= r)) break;
    }
    const F quotient = trunc(r / scaled);
    const F rest = fma(-quotient, scaled, r);
    const F next = select(rest < zero, rest + scaled, rest);
    r = select(scaled <= r, next, r);
    scaled = max(scaled * like(x, 0x1p-51), d);
  }
  const F result = copysign(r, x);
  return select(valid & ~is_nan(y), result, like(x, kQuietNan));
}

}  // namespace tandem::op_table::float64
