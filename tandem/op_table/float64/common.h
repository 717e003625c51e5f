// What the float64 leaf texts share: sums in two parts and powers of two. Each leaf of
// scalar_math.def has a text here of the same name; a text calls another by its qualified name.
#pragma once

#include <cstdint>
#include <limits>

#include "tandem/op_table/leaf_common.h"

namespace tandem::op_table::float64 {

using leaf::DoubleFloat;
using leaf::renormalise;
using leaf::replace_where;
using leaf::two_sum;

inline constexpr double kInf = std::numeric_limits<double>::infinity();
inline constexpr double kQuietNan = std::numeric_limits<double>::quiet_NaN();
inline constexpr double kMinNormal = std::numeric_limits<double>::min();
// Added to a whole number below 2^51, leaves that number in the low bits of the sum.
inline constexpr double kToLowBits = 0x1.8p52;

// c0 + x * (c1 + x * (c2 + ..)), one fma a step.
template <class F>
F polynomial(F x, double c) {
  return like(x, c);
}
template <class F, class... C>
F polynomial(F x, double c, C... higher) {
  return fma(float64::polynomial(x, higher...), x, like(x, c));
}

// 2^n for whole n in [-1022, 1023].
template <class F>
F power_of_two(F n) {
  const auto pattern = bits(n + like(n, kToLowBits + 1023));
  return from_bits(pattern << like(pattern, 52));
}
// p 2^n for p in [1/4, 4] and whole n of at most 2000: only the last product rounds. A NaN in n is
// one in p too.
template <class F>
F scale(F p, F n) {
  const F half = rint(n * like(n, 0.5));
  return p * float64::power_of_two(half) * float64::power_of_two(n - half);
}

// num / den in one rounding of the sum of two parts, which errs little more than half a unit.
template <class F>
F divide(DoubleFloat<F> num, DoubleFloat<F> den) {
  const F quotient = num.high / den.high;
  const F rest = fma(-quotient, den.high, num.high) + fma(-quotient, den.low, num.low);
  return quotient + rest / den.high;
}

}  // namespace tandem::op_table::float64
