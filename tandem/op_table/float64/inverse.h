// Inverse sine, cosine and hyperbolic functions in double precision: the texts of
// op_table/inverse.h with this format. Coefficients come from
// tools/coefficients/float64_inverse.sollya.
#pragma once

#include "tandem/op_table/float64/exp_log.h"
#include "tandem/op_table/inverse.h"

namespace tandem::op_table::inverse {

struct Double {
  static constexpr double kHalfPiHigh = 0x1.921fb54442d18p0, kHalfPiLow = 0x1.1a62633145c07p-54;
  static constexpr double kLn2 = 0x1.62e42fefa39efp-1, kThird = 0x1.5555555555555p-2;
  static constexpr double kMinusSixth = -0x1.5555555555555p-3;
  static constexpr double kInfinity = float64::kInf, kNan = float64::kQuietNan;
  static constexpr double kSmall = 0x1p-14, kLarge = 0x1p28;
  template <class F>
  static F asin_tail(F z) {
    return float64::polynomial(z, 0x1.5555555555556p-3, 0x1.3333333332d9ep-4, 0x1.6db6db6e48dffp-5,
                               0x1.f1c71c1187edcp-6, 0x1.6e8bb383c0f08p-6, 0x1.1c4d0fc1b6611p-6,
                               0x1.c9d336dfb8093p-7, 0x1.77ff42ab33e23p-7, 0x1.5336524f21216p-7,
                               0x1.5dc12cbf2be13p-8, 0x1.224dcb39fe444p-6, -0x1.f6744bcd118afp-7,
                               0x1.dc69054313cd5p-6);
  }
  template <class F>
  static Sum<F> log_of_sum(F base, Sum<F> u) {
    return float64::log_of_sum(base, u);
  }
};

}  // namespace tandem::op_table::inverse

namespace tandem::op_table::float64 {

template <class F>
F asin(F x) {
  return inverse::asin<inverse::Double>(x);
}
template <class F>
F acos(F x) {
  return inverse::acos<inverse::Double>(x);
}
template <class F>
F asinh(F x) {
  return inverse::asinh<inverse::Double>(x);
}
template <class F>
F acosh(F x) {
  return inverse::acosh<inverse::Double>(x);
}
template <class F>
F atanh(F x) {
  return inverse::atanh<inverse::Double>(x);
}

}  // namespace tandem::op_table::float64
