// Functions of row texts that are no leaf themselves: straight-line texts over any carrier.
#pragma once

#include <limits>

#include "tandem/op_table/scalar.h"
#include "tandem/op_table/scalar_math.h"

namespace tandem::op_table {

inline constexpr float kInfinity = std::numeric_limits<float>::infinity();

template <class F>
auto is_infinite(F x) {
  return abs(x) == like(x, kInfinity);
}
template <class F>
auto is_finite(F x) {
  return abs(x) < like(x, kInfinity);
}
// True where a number is nonzero; NaN is nonzero.
template <class V>
auto is_true(V x) {
  return ~(x == like(x, 0));
}
template <class V>
V sign(V x) {
  const V zero = like(x, 0);
  return select(zero < x, like(x, 1), select(x < zero, -like(x, 1), zero));
}

// The remainder of integers has the sign of the divisor, and is 0 where that is 0.
template <class I>
I remainder_of_integers(I x, I y) {
  const I zero = like(x, 0);
  const I r = rem(x, y);
  return select((r != zero) & ((r ^ y) < zero), r + y, r);
}
// Quotient of integers rounded down, 0 for a divisor of 0. MIN / -1 wraps to MIN.
template <class I>
I floor_divide(I x, I y) {
  const I zero = like(x, 0);
  const I q = div(x, y);
  const I r = select(y == zero, zero, x - q * y);
  return select((r != zero) & ((r ^ y) < zero), q - like(x, 1), q);
}
// A negative exponent gives 0 for every base.
template <class I>
I power_of_integers(I x, I y) {
  const I zero = like(x, 0);
  return select(y < zero, zero, ipow(x, y));
}

// The exact remainder with the sign of the divisor.
template <class F>
F floor_remainder(F x, F y) {
  const F zero = like(x, 0);
  const F r = fmod(x, y);
  return select((r != zero) & ((r < zero) ^ (y < zero)), r + y, r);
}
template <class F>
F log_add_exp(F x, F y) {
  const F high = max(x, y);
  const F result = high + log1p(exp(min(x, y) - high));
  return select(is_infinite(high), high, result);
}

}  // namespace tandem::op_table
