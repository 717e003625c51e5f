// Inverse sine, cosine and hyperbolic functions: one text for both widths, with the constants and
// polynomials of a format (Single here, Double in float64/inverse.h).
#pragma once

#include "tandem/op_table/exp_log.h"

namespace tandem::op_table::inverse {

template <class F>
using Sum = leaf::DoubleFloat<F>;

// u = |x| or, above 1/2, sqrt((1 - |x|) / 2), and asin(u) - u.
template <class F, class M>
struct ArcParts {
  M outer;
  F u, tail;
};
template <class Format, class F>
auto arc_parts(F x) {
  const F one = like(x, 1);
  const F half = like(x, 0.5f);
  const F t = abs(x);
  const auto outer = half < t;
  const F z = select(outer, (one - t) * half, t * t);
  const F u = select(outer, sqrt(z), t);
  using M = std::remove_cv_t<decltype(outer)>;
  return ArcParts<F, M>{outer, u, u * z * Format::asin_tail(z)};
}
// |base| >= |u + tail|, or base 0: base + base_low + u + tail in one rounding and a little.
template <class F>
F add_to(F base, F base_low, F u, F tail) {
  const Sum<F> sum = leaf::renormalise(base, u);
  return sum.high + (sum.low + (tail + base_low));
}
template <class Format, class F>
F asin(F x) {
  const auto parts = arc_parts<Format>(x);
  const F usual = parts.u + parts.tail;
  const F minus_two = like(x, -2);
  const F outer = add_to(like(x, Format::kHalfPiHigh), like(x, Format::kHalfPiLow),
                         minus_two * parts.u, minus_two * parts.tail);
  return copysign(select(parts.outer, outer, usual), x);
}
template <class Format, class F>
F acos(F x) {
  const auto parts = arc_parts<Format>(x);
  const F zero = like(x, 0);
  const auto negative = x < zero;
  // pi/2 - asin(x); 2 asin(u) above 1/2, pi - 2 asin(u) below -1/2.
  const F multiple = select(parts.outer, select(negative, like(x, 2), zero), like(x, 1));
  const F two = select(parts.outer, like(x, 2), like(x, 1));
  const F factor = select(parts.outer ^ negative, two, -two);
  return add_to(multiple * like(x, Format::kHalfPiHigh), multiple * like(x, Format::kHalfPiLow),
                factor * parts.u, factor * parts.tail);
}

// sqrt(h), h above 0 or a sum of zeros.
template <class F>
Sum<F> root(Sum<F> h) {
  const F s = sqrt(h.high);
  const F low = (fma(-s, s, h.high) + h.low) / (s + s);
  return {s, select(s == like(s, 0), s, low)};
}
// log(base + a + b + low).
template <class Format, class F>
F log_of(F base, F a, F b, F low) {
  const Sum<F> sum = leaf::two_sum(a, b);
  const Sum<F> result = Format::log_of_sum(base, Sum<F>{sum.high, sum.low + low});
  return result.high + result.low;
}
// log(2 t) for large t.
template <class Format, class F>
F log_of_double(F t) {
  const Sum<F> sum = Format::log_of_sum(like(t, 0), Sum<F>{t, like(t, 0)});
  const F result = sum.high + (sum.low + like(t, Format::kLn2));
  return select(t < like(t, Format::kInfinity), result, t);
}

// log(1 + (t + (sqrt(1 + t^2) - 1))).
template <class Format, class F>
F asinh(F x) {
  const F t = abs(x);
  const F one = like(x, 1);
  const F p = t * t;
  const Sum<F> h = leaf::two_sum(p, one);
  const Sum<F> s = root(Sum<F>{h.high, h.low + fma(t, t, -p)});
  const Sum<F> rest = leaf::two_sum(s.high, -one);
  const F usual = log_of<Format>(one, rest.high, t, rest.low + s.low);
  const F near_zero = fma(p * like(x, Format::kMinusSixth), t, t);
  const F result = select(like(x, Format::kLarge) < t, log_of_double<Format>(t),
                          select(t < like(x, Format::kSmall), near_zero, usual));
  return copysign(select(is_nan(x), t, result), x);
}
// log(1 + ((x - 1) + sqrt(x^2 - 1))).
template <class Format, class F>
F acosh(F x) {
  const F one = like(x, 1);
  const F p = x * x;
  const Sum<F> h = leaf::two_sum(p, -one);
  const Sum<F> s = root(leaf::renormalise(h.high, h.low + fma(x, x, -p)));
  const Sum<F> rest = leaf::two_sum(x, -one);
  const F usual = log_of<Format>(one, rest.high, s.high, rest.low + s.low);
  const F result = select(like(x, Format::kLarge) < x, log_of_double<Format>(x), usual);
  return select(one <= x, result, like(x, Format::kNan));
}
// log(1 + 2 t / (1 - t)) / 2.
template <class Format, class F>
F atanh(F x) {
  const F t = abs(x);
  const F one = like(x, 1);
  const Sum<F> den = leaf::two_sum(one, -t);
  const F num = t + t;
  const F q = num / den.high;
  const F q_low = (fma(-q, den.high, num) - q * den.low) / den.high;
  const Sum<F> sum = Format::log_of_sum(one, Sum<F>{q, q_low});
  const F usual = like(x, 0.5f) * (sum.high + sum.low);
  const F near_zero = fma(t * t * like(x, Format::kThird), t, t);
  const F inside = select(t < like(x, Format::kSmall), near_zero, usual);
  const F edge = select(t == one, like(x, Format::kInfinity), like(x, Format::kNan));
  return copysign(select(t < one, inside, edge), x);
}

struct Single {
  static constexpr float kHalfPiHigh = 0x1.921fb6p0f, kHalfPiLow = -0x1.777a5cp-25f;
  static constexpr float kLn2 = 0x1.62e43p-1f, kThird = 0x1.555556p-2f;
  static constexpr float kMinusSixth = -0x1.555556p-3f;
  static constexpr float kInfinity = leaf::kInf, kNan = leaf::kQuietNan;
  static constexpr float kSmall = 0x1p-6f, kLarge = 0x1p13f;
  template <class F>
  static F asin_tail(F z) {
    return leaf::polynomial(z, 0x1.555554p-3f, 0x1.3334cep-4f, 0x1.6d3e6ap-5f, 0x1.ffbf34p-6f,
                            0x1.0fe1b2p-6f, 0x1.1acb92p-5f);
  }
  template <class F>
  static Sum<F> log_of_sum(F base, Sum<F> u) {
    return leaf::log_of_sum(base, u);
  }
};

}  // namespace tandem::op_table::inverse

namespace tandem::op_table::leaf {

template <class F>
F asin(F x) {
  return inverse::asin<inverse::Single>(x);
}
template <class F>
F acos(F x) {
  return inverse::acos<inverse::Single>(x);
}
template <class F>
F asinh(F x) {
  return inverse::asinh<inverse::Single>(x);
}
template <class F>
F acosh(F x) {
  return inverse::acosh<inverse::Single>(x);
}
template <class F>
F atanh(F x) {
  return inverse::atanh<inverse::Single>(x);
}

}  // namespace tandem::op_table::leaf
