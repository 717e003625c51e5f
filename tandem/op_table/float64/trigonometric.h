// Trigonometric functions in double precision over the whole range. Coefficients come from
// tools/coefficients/float64_trigonometric.sollya.
#pragma once

#include <array>

#include "tandem/op_table/float64/common.h"

namespace tandem::op_table::float64 {

// |x| = (quadrant + 4 j) pi/2 + r with |r| <= pi/4 (a little more by rounding).
template <class F, class I>
struct Reduced {
  DoubleFloat<F> r;
  I quadrant;
};

// The 128 bits hi:lo of |x| 2/pi modulo 4, the point after bit 62 of hi: the product of the 53-bit
// mantissa with the 192 bits of 2/pi that the exponent selects; for |x| from 2^27 up.
template <class I>
struct FixedQuadrants {
  I hi, lo;
};
template <class I>
FixedQuadrants<I> multiply_by_two_over_pi(I pattern) {
  constexpr std::array<uint64_t, 20> kTwoOverPi = {
      0,
      0xa2f9836e4e441529u,
      0xfc2757d1f534ddc0u,
      0xdb6295993c439041u,
      0xfe5163abdebbc561u,
      0xb7246e3a424dd2e0u,
      0x06492eea09d1921cu,
      0xfe1deb1cb129a73eu,
      0xe88235f52ebb4484u,
      0xe99c7026b45f7e41u,
      0x3991d639835339f4u,
      0x9c845f8bbdf9283bu,
      0x1ff897ffde05980fu,
      0xef2f118b5a0a6d1fu,
      0x6d367ecf27cb09b7u,
      0x4f463f669e5fea2du,
      0x7527bac7ebe5f17bu,
      0x3d0739f78a5292eau,
      0x6bfb5fb11f8d5d08u,
      0x56033046fc7b6babu,
  };
  const auto constant = [&](int64_t c) { return like(pattern, c); };
  const I zero = constant(0);
  // Bits of 2/pi above offset `start` are multiples of 4; the leading word is zero.
  const I start = shr(pattern, constant(52)) - constant(1023 - 10);
  std::array<I, 20> words = {};
  for (size_t i = 0; i < words.size(); ++i) {
    words[i] = constant(static_cast<int64_t>(kTwoOverPi[i]));
  }
  // Drop 16, or 8, 4, 2, 1 leading words as the offset says, until four are left.
  const auto drop = [&](size_t count, size_t kept) {
    const auto skip = (start & constant(static_cast<int64_t>(count) * 64)) != zero;
    for (size_t i = 0; i < kept; ++i) words[i] = select(skip, words[i + count], words[i]);
  };
  drop(16, 4);
  drop(8, 11);
  drop(4, 7);
  drop(2, 5);
  drop(1, 4);
  const I left = start & constant(63);
  const I right = constant(64) - left;
  const I t0 = (words[0] << left) | shr(words[1], right);
  const I t1 = (words[1] << left) | shr(words[2], right);
  const I t2 = (words[2] << left) | shr(words[3], right);

  const I m = (pattern & constant(0x000fffffffffffff)) | constant(0x0010000000000000);
  // The high word of the unsigned product m * t, from the signed one.
  const auto high_word = [&](I t) { return mulhi(m, t) + (sar(t, constant(63)) & m); };
  const I middle = m * t1;
  const I lo = middle + high_word(t2);
  const I sign = constant(std::numeric_limits<int64_t>::min());
  const I carry = select((lo ^ sign) < (middle ^ sign), constant(1), zero);
  return {m * t0 + high_word(t1) + carry, lo};
}

// For large finite |x|: Payne and Hanek's reduction in integers.
template <class F, class I>
Reduced<F, I> reduce_large(F t, I pattern) {
  const FixedQuadrants<I> product = float64::multiply_by_two_over_pi(pattern);
  const auto constant = [&](int64_t c) { return like(pattern, c); };
  const I quadrant = sar(product.hi + constant(int64_t{1} << 61), constant(62));
  // The signed remainder as hi 2^64 + lo, lo signed too, so that both cancel exactly.
  const I hi = product.hi - (quadrant << constant(62)) - sar(product.lo, constant(63));
  const F top = to_float(hi);
  const F rest = fma(to_float(hi - to_int(top)), like(t, 0x1p64), to_float(product.lo));
  const DoubleFloat<F> fixed = two_sum(top * like(t, 0x1p64), rest);
  // pi/2 2^-126 in two parts.
  const F unit = like(t, 0x1.921fb54442d18p-126);
  const F r = fixed.high * unit;
  const F tail = fma(fixed.high, like(t, 0x1.1a62633145c07p-180), fixed.low * unit);
  return {{r, fma(fixed.high, unit, -r) + tail}, quadrant};
}

// Above this the three-part form loses too much.
inline constexpr double kLargeAngle = 0x1p27;

template <class F>
auto reduce_half_pi(F x) {
  const F t = abs(x);
  const F k = rint(t * like(x, 0x1.45f306dc9c883p-1));
  const F a = fma(k, like(x, -0x1.921fb54442d18p0), t);  // exact
  const F second = like(x, -0x1.1a62633145c07p-54);
  const F product = k * second;
  const DoubleFloat<F> b = two_sum(a, product);
  const F rest = fma(k, second, -product) + b.low;
  const DoubleFloat<F> r = renormalise(b.high, fma(k, like(x, 0x1.f1976b7ed8fbcp-110), rest));
  const auto pattern = bits(t);
  using I = std::remove_cv_t<decltype(pattern)>;
  const Reduced<F, I> usual = {r, bits(k + like(x, kToLowBits))};
  const auto large = (like(x, kLargeAngle) < t) & (t < like(x, kInf));
  if constexpr (requires { any_true(large); }) {
    if (!any_true(large)) return usual;
  }
  const Reduced<F, I> reduced = float64::reduce_large(t, pattern);
  return Reduced<F, I>{
      {select(large, reduced.r.high, usual.r.high), select(large, reduced.r.low, usual.r.low)},
      select(large, reduced.quadrant, usual.quadrant)};
}

// sin(r) and cos(r) for |r| <= pi/4.
template <class F>
DoubleFloat<F> sin_near_zero(DoubleFloat<F> r) {
  const F s = r.high * r.high;
  const F q =
      float64::polynomial(s, -0x1.5555555555548p-3, 0x1.111111110f74cp-7, -0x1.a01a019beebd7p-13,
                          0x1.71de355b4ef37p-19, -0x1.ae5e5114a020fp-26, 0x1.5d8d1fe5b8f84p-33);
  const F low = fma(s * like(s, -0.5), r.low, r.low);
  return renormalise(r.high, fma(s * r.high, q, low));
}
template <class F>
DoubleFloat<F> cos_near_zero(DoubleFloat<F> r) {
  const F s = r.high * r.high;
  const F q =
      float64::polynomial(s, 0x1.555555555554cp-5, -0x1.6c16c16c15214p-10, 0x1.a01a019cbd6f3p-16,
                          -0x1.27e4f810c4cc2p-22, 0x1.1ee9efafc8b35p-29, -0x1.8fb03357cebc2p-37);
  const F half = s * like(s, -0.5);
  const F half_low = fma(r.high, r.high, -s) * like(s, -0.5);
  const DoubleFloat<F> sum = renormalise(like(s, 1.0), half);
  const F low = fma(s * s, q, half_low - r.high * r.low);
  return renormalise(sum.high, sum.low + low);
}
// sin(r + quadrant pi/2) of the first two quadrants, negated in the others.
template <class F, class I>
F sin_in_quadrant(DoubleFloat<F> r, I quadrant) {
  const auto odd = (quadrant & like(quadrant, 1)) != like(quadrant, 0);
  const F value = select(odd, float64::cos_near_zero(r).high, float64::sin_near_zero(r).high);
  const I sign = (quadrant & like(quadrant, 2)) << like(quadrant, 62);
  return from_bits(bits(value) ^ sign);
}
template <class F>
F with_sign_flipped_as(F value, F x) {
  const auto pattern = bits(x);
  const auto sign = pattern & like(pattern, std::numeric_limits<int64_t>::min());
  return from_bits(bits(value) ^ sign);
}

template <class F>
F sin(F x) {
  const auto reduced = float64::reduce_half_pi(x);
  return float64::with_sign_flipped_as(float64::sin_in_quadrant(reduced.r, reduced.quadrant), x);
}
template <class F>
F cos(F x) {
  const auto reduced = float64::reduce_half_pi(x);
  return float64::sin_in_quadrant(reduced.r, reduced.quadrant + like(reduced.quadrant, 1));
}
template <class F>
F tan(F x) {
  const auto reduced = float64::reduce_half_pi(x);
  const DoubleFloat<F> s = float64::sin_near_zero(reduced.r);
  const DoubleFloat<F> c = float64::cos_near_zero(reduced.r);
  const auto odd = (reduced.quadrant & like(reduced.quadrant, 1)) != like(reduced.quadrant, 0);
  const DoubleFloat<F> num = {select(odd, -c.high, s.high), select(odd, -c.low, s.low)};
  const DoubleFloat<F> den = {select(odd, s.high, c.high), select(odd, s.low, c.low)};
  const F value = select(abs(x) < like(x, 0x1p-27), abs(x), float64::divide(num, den));
  return float64::with_sign_flipped_as(value, x);
}

}  // namespace tandem::op_table::float64
