// Exponentials and logarithms. Coefficients come from tools/coefficients/*.sollya.
#pragma once

#include "tandem/op_table/leaf_common.h"

namespace tandem::op_table::leaf {

// x = n ln 2 + r with |r| <= ln 2 / 2, for |x| below 2^13.
template <class F>
struct ExpParts {
  F n, r;
};
template <class F>
ExpParts<F> exp_parts(F x) {
  const F n = rint(x * like(x, 0x1.715476p+0f));
  const F high = fma(n, like(x, -0x1.62e4p-1f), x);
  return {n, fma(n, like(x, -0x1.7f7d1cp-20f), high)};
}
// exp(r) for |r| <= ln 2 / 2.
template <class F>
F exp_near_zero(F r) {
  return polynomial(r, 1.0f, 1.0f, 0x1.fffffap-2f, 0x1.555492p-3f, 0x1.555a26p-5f, 0x1.12398p-7f,
                    0x1.694ca6p-10f);
}
// exp(x) for |x| below 2^13, beyond overflow and underflow.
template <class F>
F exp_bounded(F x) {
  const ExpParts<F> parts = exp_parts(x);
  return leaf::scale(exp_near_zero(parts.r), parts.n);
}
template <class F>
F exp(F x) {
  return exp_bounded(max(min(x, like(x, 89.0f)), like(x, -104.0f)));
}

// exp(x) - 1 = s (exp(r) - 1) + (s - 1) with s = 2^n, at half the scale since 2^128 is no float.
template <class F>
F expm1(F x) {
  const ExpParts<F> parts = exp_parts(max(min(x, like(x, 89.0f)), like(x, -25.0f)));
  const F r = parts.r;
  const F tail = (r * r) * polynomial(r, 0x1p-1f, 0x1.555554p-3f, 0x1.5554fp-5f, 0x1.111306p-7f,
                                      0x1.6d436ap-10f, 0x1.9e0bfep-13f);
  const F half = like(x, 0.5f);
  const F factor = leaf::scale(half, parts.n);
  const F sum = fma(factor, tail, fma(factor, r, factor - half));
  return select(abs(x) < like(x, 0x1p-25f), x, sum + sum);
}

// 1 / (1 + e) with e = exp(-|x|), and e / (1 + e) below zero; for small e that is e - e^2 / (1 +
// e), where the rounding of 1 + e no longer counts. The exponential is 1 + (r + r^2 q) here: an
// operation more than exp_near_zero, with less error to hand on.
template <class F>
F sigmoid(F x) {
  const F one = like(x, 1.0f);
  const ExpParts<F> parts = exp_parts(max(-abs(x), like(x, -104.0f)));
  const F r = parts.r;
  const F q =
      polynomial(r, 0x1.fffffap-2f, 0x1.555492p-3f, 0x1.555a26p-5f, 0x1.12398p-7f, 0x1.694ca6p-10f);
  const F e = leaf::scale(one + fma(r * r, q, r), parts.n);
  const auto negative = x < like(x, 0.0f);
  const F quotient = select(negative, e, one) / (one + e);
  return select(negative & (e < like(x, 0x1.6p-2f)), fma(-e, quotient, e), quotient);
}

// x = 2^exponent (1 + f) with f in [-1/3, 1/3), for finite x above 0.
template <class F>
struct Normalised {
  F exponent, f;
};
template <class F>
Normalised<F> normalise(F x) {
  const auto subnormal = x < like(x, kMinNormal);
  const F scaled = select(subnormal, x * like(x, 0x1p23f), x);
  const auto pattern = bits(scaled);
  constexpr int32_t kTwoThirds = 0x3f2aaaab;
  const auto n = sar(pattern - like(pattern, kTwoThirds), like(pattern, 23));
  const F m = from_bits(pattern - (n << like(pattern, 23)));
  const F exponent = to_float(n);
  return {select(subnormal, exponent - like(x, 23.0f), exponent), m - like(x, 1.0f)};
}
// The values of a logarithm outside (0, inf): log(0) = -inf, log(inf) = inf, NaN below 0.
template <class F>
F logarithm_edges(F x, F result) {
  const F zero = like(x, 0.0f);
  const F outside = select(x == zero, like(x, -kInf), select(x < zero, like(x, kQuietNan), x));
  return select((zero < x) & (x < like(x, kInf)), result, outside);
}
// log(1 + f) - f for f in [-1/3, 1/3).
template <class F>
F log1p_tail(F f) {
  return (f * f) * polynomial(f, -0.5f, 0x1.555502p-2f, -0x1.ffff14p-3f, 0x1.99d1c4p-3f,
                              -0x1.559802p-3f, 0x1.1ec0fep-3f, -0x1.f3a7e4p-4f, 0x1.1ec5e2p-3f,
                              -0x1.06cddep-3f);
}

template <class F>
F log(F x) {
  const Normalised<F> a = normalise(x);
  const F mantissa = log1p_tail(a.f) + a.f;
  return logarithm_edges(x, fma(a.exponent, like(x, 0x1.62e43p-1f), mantissa));
}

// base + u.high + u.low = 2^n (1 + f), for base 0 or 1: the logarithm of that, with nothing of u
// lost. |u.low| is at most a unit in the last place of u.high, u.high is normal unless base is 1.
template <class F>
DoubleFloat<F> log_of_sum(F base, DoubleFloat<F> u) {
  const F one = like(base, 1.0f);
  constexpr int32_t kTwoThirds = 0x3f2aaaab;
  const auto pattern = bits(base + u.high);
  const auto n = sar(pattern - like(pattern, kTwoThirds), like(pattern, 23));
  const F exponent = to_float(n);
  const F factor = leaf::scale(one, -exponent);
  const F scaled = from_bits(bits(u.high) - (n << like(pattern, 23)));
  const DoubleFloat<F> f = two_sum(scaled, fma(base, factor, -one));
  const F low = fma(u.low, factor, f.low);
  const F tail = log1p_tail(f.high) + low / (one + f.high);
  const DoubleFloat<F> sum = renormalise(exponent * like(base, 0x1.62e4p-1f), f.high);
  return {sum.high, sum.low + fma(exponent, like(base, 0x1.7f7d1cp-20f), tail)};
}

// 1 + x = 2^n (1 + f), with f computed from x itself so that nothing of it is lost.
template <class F>
F log1p(F x) {
  const F one = like(x, 1.0f);
  const auto pattern = bits(one + x);
  constexpr int32_t kTwoThirds = 0x3f2aaaab;
  const auto n = sar(pattern - like(pattern, kTwoThirds), like(pattern, 23));
  const F exponent = to_float(n);
  const F factor = leaf::scale(one, -exponent);
  const F f = fma(x, factor, factor - one);
  const F result = fma(exponent, like(x, 0x1.62e43p-1f), log1p_tail(f) + f);
  const F minus_one = -one;
  const F outside =
      select(x == minus_one, like(x, -kInf), select(x < minus_one, like(x, kQuietNan), x));
  return select((minus_one < x) & (x < like(x, kInf)) & (x != like(x, 0.0f)), result, outside);
}

// exponent + f / ln 2, where 1 / ln 2 has two parts.
template <class F>
F log2(F x) {
  const Normalised<F> a = normalise(x);
  const F high = like(x, 0x1.715476p+0f);
  const F low = fma(log1p_tail(a.f), high, a.f * like(x, 0x1.4ae0cp-26f));
  return logarithm_edges(x, fma(a.f, high, low) + a.exponent);
}
template <class F>
F log10(F x) {
  const Normalised<F> a = normalise(x);
  const F high = like(x, 0x1.bcb7b2p-2f);
  const F low = fma(log1p_tail(a.f), high, a.f * like(x, -0x1.5b235ep-27f));
  const F mantissa = fma(a.f, high, fma(a.exponent, like(x, 0x1.3509f8p-18f), low));
  return logarithm_edges(x, fma(a.exponent, like(x, 0x1.344p-2f), mantissa));
}

}  // namespace tandem::op_table::leaf
