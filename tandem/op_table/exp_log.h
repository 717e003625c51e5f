// Exponentials and logarithms. Coefficients come from tools/coefficients/*.sollya.
#pragma once

#include "tandem/op_table/leaf_common.h"

namespace tandem::op_table::leaf {

// x = n ln 2 + r, exp(x) = 2^n exp(r). The bounds of x are beyond underflow and overflow.
template <class F>
F exp(F x) {
  const F bounded = max(min(x, like(x, 89.0f)), like(x, -104.0f));
  const F n = rint(bounded * like(x, 0x1.715476p+0f));
  const F high = fma(n, like(x, -0x1.62e4p-1f), bounded);
  const F r = fma(n, like(x, -0x1.7f7d1cp-20f), high);
  const F p = polynomial(r, 1.0f, 1.0f, 0x1.fffffap-2f, 0x1.555492p-3f, 0x1.555a26p-5f,
                         0x1.12398p-7f, 0x1.694ca6p-10f);
  return ldexp(p, to_int(n));
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
  const F zero = like(x, 0);
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

}  // namespace tandem::op_table::leaf
