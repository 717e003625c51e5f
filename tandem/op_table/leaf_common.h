// What the leaf texts share. A leaf text calls another leaf's text by its qualified name,
// leaf::exp(x), so that it is part of the same straight line.
#pragma once

#include <cstdint>
#include <limits>

#include "tandem/op_table/scalar.h"

namespace tandem::op_table::leaf {

inline constexpr float kInf = std::numeric_limits<float>::infinity();
inline constexpr float kQuietNan = std::numeric_limits<float>::quiet_NaN();
inline constexpr float kMinNormal = std::numeric_limits<float>::min();

// c0 + x * (c1 + x * (c2 + ..)), one fma a step.
template <class F>
F polynomial(F x, float c) {
  return like(x, c);
}
template <class F, class... C>
F polynomial(F x, float c, C... higher) {
  return fma(polynomial(x, higher...), x, like(x, c));
}

// select(mask, rare(), usual): the work of rare() is skipped where a carrier can tell that no lane
// needs it.
template <class M, class V, class Rare>
V replace_where(M mask, V usual, Rare rare) {
  if constexpr (requires { any_true(mask); }) {
    if (!any_true(mask)) return usual;
  }
  return select(mask, rare(), usual);
}

// p 2^n for p in [1/2, 2] and whole n of at most 250: ldexp(p, to_int(n)), for which a carrier may
// have something faster, scale_near_one(p, n). A NaN in n is one in p too.
template <class F>
F scale(F p, F n) {
  if constexpr (requires { scale_near_one(p, n); }) {
    return scale_near_one(p, n);
  } else {
    return ldexp(p, to_int(n));
  }
}

// A number as the unevaluated sum high + low, |low| at most half a unit in the last place of high.
template <class F>
struct DoubleFloat {
  F high, low;
};
// high + low, where |high| is at least |low| or high is 0.
template <class F>
DoubleFloat<F> renormalise(F high, F low) {
  const F sum = high + low;
  return {sum, low - (sum - high)};
}

// a + b, whichever is larger.
template <class F>
DoubleFloat<F> two_sum(F a, F b) {
  const F sum = a + b;
  const F b_part = sum - a;
  return {sum, (a - (sum - b_part)) + (b - b_part)};
}

}  // namespace tandem::op_table::leaf
