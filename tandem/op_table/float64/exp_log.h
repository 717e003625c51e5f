// Exponentials and logarithms in double precision. Coefficients come from
// tools/coefficients/float64_exp.sollya and float64_log.sollya.
#pragma once

#include "tandem/op_table/float64/common.h"

namespace tandem::op_table::float64 {

// exp(x) = 2^n (mantissa.high + mantissa.low), mantissa.high in [0.7, 1.42], for |x| below 2^20; good
// to 2^-57 of exp(x) - 1 while that is above 2^-30.
template <class F>
struct ExpParts {
  F n;
  DoubleFloat<F> mantissa;
};
template <class F>
ExpParts<F> exp_parts(F x) {
  const F n = rint(x * like(x, 0x1.71547652b82fep0));
  const F high = fma(n, like(x, -0x1.62e42fefa39efp-1), x);  // exact
  const DoubleFloat<F> r = two_sum(high, n * like(x, -0x1.abc9e3b39803fp-56));
  const F q = float64::polynomial(
      r.high, 0x1p-1, 0x1.5555555555559p-3, 0x1.555555555554ap-5, 0x1.111111110f656p-7,
      0x1.6c16c16c1c0d5p-10, 0x1.a01a01b002588p-13, 0x1.a01a01872a7f9p-16, 0x1.71ddf81423081p-19,
      0x1.27e521d1505fep-22, 0x1.af5f20f9b563ap-26, 0x1.1f041291c52dfp-29);
  const F tail = fma(r.high * r.high, q, r.low);
  const DoubleFloat<F> sum = renormalise(like(x, 1.0), r.high);
  return {n, renormalise(sum.high, sum.low + tail)};
}
// exp(x) between overflow and underflow, and a little beyond.
template <class F>
F exp_bounded(F x) {
  const ExpParts<F> parts = float64::exp_parts(x);
  return float64::scale(parts.mantissa.high + parts.mantissa.low, parts.n);
}
template <class F>
F exp(F x) {
  return float64::exp_bounded(max(min(x, like(x, 710.0)), like(x, -746.0)));
}

// exp(x) / 2.
template <class F>
DoubleFloat<F> half_exp(F x) {
  const ExpParts<F> parts = float64::exp_parts(x);
  const F n = parts.n - like(x, 1.0);
  return {float64::scale(parts.mantissa.high, n), float64::scale(parts.mantissa.low, n)};
}
// (exp(x) - 1) / 2 for |x| from 2^-27 on, finite exp(x).
template <class F>
DoubleFloat<F> half_expm1(F x) {
  const DoubleFloat<F> e = float64::half_exp(x);
  const DoubleFloat<F> sum = two_sum(e.high, like(x, -0.5));
  return {sum.high, sum.low + e.low};
}
template <class F>
F expm1(F x) {
  const DoubleFloat<F> half = float64::half_expm1(max(min(x, like(x, 709.75)), like(x, -50.0)));
  const F sum = half.high + half.low;
  const F near_zero = copysign(fma(x * like(x, 0.5), x, x), x);
  const F large = float64::exp_bounded(min(x, like(x, 710.0)));
  const F usual = select(like(x, 709.0) < x, large, sum + sum);
  return select(abs(x) < like(x, 0x1p-27), near_zero, usual);
}

// 1 / (1 + e) with e = exp(-|x|), and e / (1 + e) below zero.
template <class F>
F sigmoid(F x) {
  const F one = like(x, 1.0);
  const F zero = like(x, 0.0);
  const ExpParts<F> parts = float64::exp_parts(max(-abs(x), like(x, -746.0)));
  const DoubleFloat<F> e = {float64::scale(parts.mantissa.high, parts.n),
                            float64::scale(parts.mantissa.low, parts.n)};
  const DoubleFloat<F> sum = renormalise(one, e.high);
  const auto negative = x < zero;
  const DoubleFloat<F> num = {select(negative, e.high, one), select(negative, e.low, zero)};
  return float64::divide(num, DoubleFloat<F>{sum.high, sum.low + e.low});
}

// x = 2^exponent (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)), for finite x above 0.
inline constexpr int64_t kSqrtHalf = 0x3fe6a09e667f3bcd;
inline constexpr int64_t kAboveSqrtHalf = 0x3ff0000000000000 - kSqrtHalf;
template <class F>
struct Normalised {
  F exponent, f;
};
// The whole number in the bits of `word` as a float.
template <class F, class I>
F small_to_float(F x, I word) {
  return from_bits(word | like(word, 0x4330000000000000)) - like(x, 0x1p52);
}
template <class F>
Normalised<F> normalise(F x) {
  const auto subnormal = x < like(x, kMinNormal);
  const auto pattern = bits(select(subnormal, x * like(x, 0x1p54), x));
  const auto moved = pattern + like(pattern, kAboveSqrtHalf);
  const F exponent = float64::small_to_float(x, shr(moved, like(pattern, 52))) - like(x, 1023.0);
  const F m = from_bits((moved & like(pattern, 0x000fffffffffffff)) + like(pattern, kSqrtHalf));
  return {select(subnormal, exponent - like(x, 54.0), exponent), m - like(x, 1.0)};
}
template <class F>
F logarithm_edges(F x, F result) {
  const F zero = like(x, 0.0);
  const F outside = select(x == zero, like(x, -kInf), select(x < zero, like(x, kQuietNan), x));
  return select((zero < x) & (x < like(x, kInf)), result, outside);
}
// log(1 + f) - f, for 1 + f in [sqrt(1/2), sqrt(2)].
template <class F>
F log1p_tail(F f) {
  const F s = f / (like(f, 2.0) + f);
  const F z = s * s;
  const F rest =
      z * float64::polynomial(z, 0x1.5555555555592p-1, 0x1.999999997ff01p-2, 0x1.24924941e3c88p-2,
                              0x1.c71c52118bd79p-3, 0x1.74663da2ed5b2p-3, 0x1.39a1d33b84c49p-3,
                              0x1.2f04b155a098bp-3);
  const F half_square = like(f, 0.5) * f * f;
  return fma(s, half_square + rest, -half_square);
}
// exponent ln 2 + f + tail, where exponent times the first part of ln 2 is exact.
template <class F>
DoubleFloat<F> add_exponent(F exponent, F f, F tail) {
  const DoubleFloat<F> sum = renormalise(exponent * like(f, 0x1.62e42fefa4p-1), f);
  return {sum.high, sum.low + fma(exponent, like(f, -0x1.8432a1b0e2634p-43), tail)};
}

template <class F>
F log(F x) {
  const Normalised<F> a = float64::normalise(x);
  const DoubleFloat<F> sum = float64::add_exponent(a.exponent, a.f, float64::log1p_tail(a.f));
  return float64::logarithm_edges(x, sum.high + sum.low);
}

// base + u.high + u.low = 2^n (1 + f), for base 0 or 1: the logarithm of that, with nothing of u
// lost. |u.low| is at most a unit in the last place of u.high, u.high is normal unless base is 1.
template <class F>
DoubleFloat<F> log_of_sum(F base, DoubleFloat<F> u) {
  const F one = like(base, 1.0);
  const auto pattern = bits(u.high);
  const auto moved = bits(base + u.high) + like(pattern, kAboveSqrtHalf);
  const auto n = shr(moved, like(pattern, 52)) - like(pattern, 1023);
  const F exponent =
      float64::small_to_float(base, shr(moved, like(pattern, 52))) - like(base, 1023.0);
  const F factor = float64::power_of_two(max(-exponent, like(base, -1022.0)));
  const F scaled = from_bits(pattern - (n << like(pattern, 52)));
  const DoubleFloat<F> f = two_sum(scaled, fma(base, factor, -one));
  const F low = fma(u.low, factor, f.low);
  return float64::add_exponent(exponent, f.high,
                               float64::log1p_tail(f.high) + low / (one + f.high));
}
template <class F>
F log1p(F x) {
  const F zero = like(x, 0.0);
  const F minus_one = like(x, -1.0);
  const DoubleFloat<F> sum = float64::log_of_sum(like(x, 1.0), DoubleFloat<F>{x, zero});
  const F outside =
      select(x == minus_one, like(x, -kInf), select(x < minus_one, like(x, kQuietNan), x));
  const auto inside = (minus_one < x) & (x < like(x, kInf)) & (like(x, 0x1p-54) < abs(x));
  return select(inside, sum.high + sum.low, outside);
}

// log(1 + f) k in two parts, k = k_high + k_low.
template <class F>
DoubleFloat<F> scaled_log1p(F f, double k_high, double k_low) {
  const F high = like(f, k_high);
  const DoubleFloat<F> l = renormalise(f, float64::log1p_tail(f));
  const F product = l.high * high;
  const F low = fma(l.high, like(f, k_low), l.low * high);
  return {product, fma(l.high, high, -product) + low};
}
template <class F>
F log2(F x) {
  const Normalised<F> a = float64::normalise(x);
  const DoubleFloat<F> l = float64::scaled_log1p(a.f, 0x1.71547652b82fep0, 0x1.777d0ffda0d24p-56);
  const DoubleFloat<F> sum = renormalise(a.exponent, l.high);
  return float64::logarithm_edges(x, sum.high + (sum.low + l.low));
}
template <class F>
F log10(F x) {
  const Normalised<F> a = float64::normalise(x);
  const DoubleFloat<F> l = float64::scaled_log1p(a.f, 0x1.bcb7b1526e50ep-2, 0x1.95355baaafad3p-57);
  const DoubleFloat<F> sum = renormalise(a.exponent * like(x, 0x1.34413509f8p-2), l.high);
  const F low = fma(a.exponent, like(x, -0x1.80433b83b532ap-44), l.low);
  return float64::logarithm_edges(x, sum.high + (sum.low + low));
}

}  // namespace tandem::op_table::float64
