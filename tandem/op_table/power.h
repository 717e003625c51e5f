// Powers and the exact remainder of floats. Coefficients come from tools/coefficients/*.sollya.
#pragma once

#include "tandem/op_table/exp_log.h"

namespace tandem::op_table::leaf {

// log2((1 + s) / (1 - s)) - K s, to 2^-40 of K s; s = high + low, |s| <= 0.2.
template <class F>
DoubleFloat<F> log2_tail(DoubleFloat<F> s) {
  const F w = s.high * s.high;
  const F w_low = fma(s.high, s.high, -w);
  const F c3 = like(w, 0x1.ec709cp-1f);
  const F rest = w * polynomial(w, 0x1.277864p-1f, 0x1.a524c8p-2f, 0x1.63fbc8p-2f);
  const DoubleFloat<F> p = renormalise(c3, rest);
  const F p_low = p.low + like(w, 0x1.86868p-30f);
  const F product = w * p.high;
  const F product_low = fma(w, p_low, fma(w_low, p.high, fma(w, p.high, -product)));
  const F tail = s.high * product;
  const F three = like(w, 3.0f);
  const F tail_low =
      fma(s.high, product_low, fma(s.low * three, product, fma(s.high, product, -tail)));
  return {tail, tail_low};
}

// log2(x) for finite x above 0.
template <class F>
DoubleFloat<F> log2_extended(F x) {
  const Normalised<F> a = normalise(x);
  const F two = like(x, 2.0f);
  // s = f / (2 + f), its error from the exact remainder.
  const F reciprocal = like(x, 1.0f) / (a.f + two);
  const F s_high = a.f * reciprocal;
  const F s_low = fma(-s_high, a.f, fma(-s_high, two, a.f)) * reciprocal;
  const DoubleFloat<F> tail = log2_tail(DoubleFloat<F>{s_high, s_low});
  const F k_high = like(x, 0x1.715476p1f);
  const F main = k_high * s_high;
  const F main_low =
      fma(k_high, s_low, fma(like(x, 0x1.4ae0cp-25f), s_high, fma(k_high, s_high, -main)));
  const DoubleFloat<F> with_exponent = renormalise(a.exponent, main);
  const DoubleFloat<F> sum = renormalise(with_exponent.high, tail.high);
  return renormalise(sum.high, sum.low + (with_exponent.low + (main_low + tail.low)));
}

// |x|^y for finite x that is not 0.
template <class F>
F power_of_magnitude(F magnitude, F y) {
  const DoubleFloat<F> logarithm = log2_extended(magnitude);
  // Beyond this bound every power but that of 1 overflows or underflows.
  const F bounded_y = max(min(y, like(y, 0x1p40f)), like(y, -0x1p40f));
  const F product = bounded_y * logarithm.high;
  const F product_low = fma(bounded_y, logarithm.low, fma(bounded_y, logarithm.high, -product));
  const F limit = like(y, 250.0f);
  const F bounded = max(min(product, limit), -limit);
  const F low = select(bounded == product, product_low, like(y, 0.0f));
  const F n = rint(bounded);
  const F r = (bounded - n) + low;
  const F p = polynomial(r, 1.0f, 0x1.62e43p-1f, 0x1.ebfbd8p-3f, 0x1.c6af76p-5f, 0x1.3b30ap-7f,
                         0x1.5f0b82p-10f, 0x1.3fa208p-13f);
  return leaf::scale(p, n);
}

// C's pow: pow(x, 0) = pow(1, y) = 1 also of NaN; NaN for negative x and a fractional y.
template <class F>
F pow(F x, F y) {
  const F zero = like(x, 0.0f);
  const F one = like(x, 1.0f);
  const F infinity = like(x, kInf);
  const F magnitude = abs(x);
  const auto y_negative = y < zero;
  const F of_zero = select(y_negative, infinity, zero);
  const F of_infinity = select(y_negative, zero, infinity);
  F result = power_of_magnitude(magnitude, y);
  result = select(magnitude == zero, of_zero, result);
  result = select(magnitude == infinity, of_infinity, result);
  const F half_y = y * like(y, 0.5f);
  const auto whole = rint(y) == y;
  const auto odd = whole & (rint(half_y) != half_y) & (abs(y) < like(y, 0x1p24f));
  const auto negative = bits(x) < bits(zero);
  result = select(odd & negative, -result, result);
  const auto invalid = (x < zero) & ~whole & (magnitude < infinity);
  result = select(invalid | is_nan(x) | is_nan(y), like(x, kQuietNan), result);
  return select((y == zero) | (x == one), one, result);
}

// x^n for integers, n read as unsigned; wraps.
template <class I>
I ipow(I x, I n) {
  const I one = like(x, 1);
  const I zero = like(x, 0);
  I result = one;
  I square = x;
  I rest = n;
  for (int bit = 0; bit < 64; ++bit) {
    if constexpr (requires { any_true(rest != zero); }) {
      if (!any_true(rest != zero)) break;
    }
    result = select((rest & one) != zero, result * square, result);
    square = square * square;
    rest = shr(rest, one);
  }
  return result;
}

// The biased exponent of a float that is not negative; of a subnormal a lower bound.
template <class F>
auto exponent_of(F x) {
  const auto pattern = bits(x);
  const auto field = shr(pattern, like(pattern, 23));
  return select(field == like(field, 0), like(field, -23), field);
}

// x - y trunc(x / y), exactly. Long division, 22 bits of the quotient a step; all steps but the
// first few are idle unless the exponents are far apart.
template <class F>
F fmod(F x, F y) {
  const F zero = like(x, 0.0f);
  const F infinity = like(x, kInf);
  const F divisor = abs(y);
  const F magnitude = abs(x);
  const auto valid = (magnitude < infinity) & (zero < divisor);
  F r = select(valid, magnitude, zero);
  const F d = select(valid & (divisor < infinity), divisor, infinity);
  auto shift = shr(bits(r), like(bits(r), 23)) - exponent_of(d) - like(bits(x), 21);
  for (int step = 0; step < 14; ++step) {
    if constexpr (requires { any_true(d <= r); }) {
      if (!any_true(d <= r)) break;
    }
    const F scaled = ldexp(d, max(shift, like(shift, 0)));
    const F quotient = trunc(r / scaled);
    const F rest = fma(-quotient, scaled, r);
    const F next = select(rest < zero, rest + scaled, rest);
    r = select(scaled <= r, next, r);
    shift = shift - like(shift, 22);
  }
  const F result = copysign(r, x);
  return select(valid & ~is_nan(y), result, like(x, kQuietNan));
}

}  // namespace tandem::op_table::leaf
