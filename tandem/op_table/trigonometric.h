// Trigonometric functions over the whole range and their inverses. Coefficients come from
// tools/coefficients/*.sollya.
#pragma once

#include <array>

#include "tandem/op_table/leaf_common.h"

namespace tandem::op_table::leaf {

// |x| = (quadrant + 4 j) pi/2 + r with |r| <= pi/4 (a little more by rounding).
template <class F, class I>
struct Reduced {
  F r;
  I quadrant;
};

// The 64 bits hi:lo of |x| 2/pi modulo 4, the point after bit 30 of hi. The product of the 24-bit
// mantissa with the 96 bits of 2/pi that its exponent selects; for |x| from 2^9 up.
template <class I>
struct FixedQuadrants {
  I hi, lo;
};
template <class I>
FixedQuadrants<I> multiply_by_two_over_pi(I pattern) {
  constexpr std::array<uint32_t, 8> kTwoOverPi = {
      0, 0xa2f9836eu, 0x4e441529u, 0xfc2757d1u, 0xf534ddc0u, 0xdb629599u, 0x3c439041u, 0xfe5163abu};
  const auto constant = [&](int32_t c) { return like(pattern, c); };
  const auto word = [&](size_t i) { return constant(static_cast<int32_t>(kTwoOverPi[i])); };
  // Bits of 2/pi above offset `start` are multiples of 4; the leading word is zero.
  const I start = shr(pattern, constant(23)) - constant(127 - 7);
  const I zero = constant(0);
  const auto by_four = (start & constant(128)) != zero;
  const auto by_two = (start & constant(64)) != zero;
  const auto by_one = (start & constant(32)) != zero;
  const I a0 = select(by_four, word(4), word(0)), a1 = select(by_four, word(5), word(1));
  const I a2 = select(by_four, word(6), word(2)), a3 = select(by_four, word(7), word(3));
  const I b0 = select(by_two, a2, a0), b1 = select(by_two, a3, a1);
  const I b2 = select(by_two, word(4), a2), b3 = select(by_two, word(5), a3);
  const I b4 = select(by_two, word(6), word(4));
  const I c0 = select(by_one, b1, b0), c1 = select(by_one, b2, b1);
  const I c2 = select(by_one, b3, b2), c3 = select(by_one, b4, b3);
  const I left = start & constant(31);
  const I right = constant(32) - left;
  const I t0 = (c0 << left) | shr(c1, right);
  const I t1 = (c1 << left) | shr(c2, right);
  const I t2 = (c2 << left) | shr(c3, right);

  const I m = (pattern & constant(0x007fffff)) | constant(0x00800000);
  // The high word of the unsigned product m * t, from the signed one.
  const auto high_word = [&](I t) { return mulhi(m, t) + (sar(t, constant(31)) & m); };
  const I middle = m * t1;
  const I lo = middle + high_word(t2);
  const I sign = constant(std::numeric_limits<int32_t>::min());
  const I carry = select((lo ^ sign) < (middle ^ sign), constant(1), zero);
  return {m * t0 + high_word(t1) + carry, lo};
}

// For large finite |x|: Payne and Hanek's reduction in integers.
template <class F, class I>
Reduced<F, I> reduce_large(F t, I pattern) {
  const FixedQuadrants<I> product = multiply_by_two_over_pi(pattern);
  const auto constant = [&](int32_t c) { return like(pattern, c); };
  const I quadrant = sar(product.hi + constant(1 << 29), constant(30));
  // The signed remainder as hi 2^32 + lo, lo signed too, so that both cancel exactly.
  const I hi = product.hi - (quadrant << constant(30)) - sar(product.lo, constant(31));
  // Nearest float of hi and what that leaves, so that nothing cancels where hi is small.
  const F top = to_float(hi);
  const F rest = fma(to_float(hi - to_int(top)), like(t, 0x1p32f), to_float(product.lo));
  const F fixed = fma(top, like(t, 0x1p32f), rest);
  // pi/2 2^-62 in two parts.
  const F r = fma(fixed, like(t, 0x1.921fb6p-62f), fixed * like(t, -0x1.777a5cp-87f));
  return {r, quadrant};
}

// Above this the three-part form loses too much.
inline constexpr float kLargeAngle = 0x1p15f;

template <class F>
auto reduce_half_pi(F x) {
  const F t = abs(x);
  const F k = rint(t * like(x, 0x1.45f306p-1f));
  const F a = fma(k, like(x, -0x1.921fb6p0f), t);
  const F b = fma(k, like(x, 0x1.777a5cp-25f), a);
  const F c = fma(k, like(x, 0x1.ee59dap-50f), b);
  const auto pattern = bits(t);
  using I = std::remove_cv_t<decltype(pattern)>;
  const Reduced<F, I> usual = {c, to_int(k)};
  const auto large = (like(x, kLargeAngle) < t) & (t < like(x, kInf));
  if constexpr (requires { any_true(large); }) {
    if (!any_true(large)) return usual;
  }
  const Reduced<F, I> reduced = reduce_large(t, pattern);
  return Reduced<F, I>{select(large, reduced.r, usual.r),
                       select(large, reduced.quadrant, usual.quadrant)};
}

template <class F>
F sin_near_zero(F r, F s) {
  return fma(s * r,
             polynomial(s, -0x1.555556p-3f, 0x1.111164p-7f, -0x1.a0485cp-13f, 0x1.77dd08p-19f), r);
}
template <class F>
F cos_near_zero(F s) {
  return fma(s * s, polynomial(s, 0x1.55554ap-5f, -0x1.6c0c2ep-10f, 0x1.99eab2p-16f),
             fma(s, like(s, -0.5f), like(s, 1.0f)));
}
// sin(r + quadrant pi/2).
template <class F, class I>
F sin_in_quadrant(F r, I quadrant) {
  const F s = r * r;
  const auto odd = (quadrant & like(quadrant, 1)) != like(quadrant, 0);
  const F value = select(odd, cos_near_zero(s), sin_near_zero(r, s));
  const I sign = (quadrant & like(quadrant, 2)) << like(quadrant, 30);
  return from_bits(bits(value) ^ sign);
}

template <class F>
F sin(F x) {
  const auto reduced = reduce_half_pi(x);
  const F value = sin_in_quadrant(reduced.r, reduced.quadrant);
  const auto pattern = bits(x);
  const auto sign = pattern & like(pattern, std::numeric_limits<int32_t>::min());
  return from_bits(bits(value) ^ sign);
}
template <class F>
F cos(F x) {
  const auto reduced = reduce_half_pi(x);
  return sin_in_quadrant(reduced.r, reduced.quadrant + like(reduced.quadrant, 1));
}
template <class F>
F tan(F x) {
  const auto reduced = reduce_half_pi(x);
  const F r = reduced.r;
  const F s = r * r;
  const F t = fma(s * r,
                  polynomial(s, 0x1.55556p-2f, 0x1.110d9cp-3f, 0x1.bada6p-5f, 0x1.5cb85p-6f,
                             0x1.63007ep-7f, 0x1.7551d4p-14f, 0x1.1ee6bap-8f),
                  r);
  const auto odd = (reduced.quadrant & like(reduced.quadrant, 1)) != like(reduced.quadrant, 0);
  const F value = select(odd, like(x, -1.0f) / t, t);
  const auto pattern = bits(x);
  const auto sign = pattern & like(pattern, std::numeric_limits<int32_t>::min());
  return from_bits(bits(value) ^ sign);
}

// atan(t) - t for t in [0, 1].
template <class F>
F atan_tail(F t) {
  const F s = t * t;
  return (s * t) * polynomial(s, -0x1.55553ep-2f, 0x1.9991ecp-3f, -0x1.24211ap-3f, 0x1.c0946cp-4f,
                              -0x1.5825f2p-4f, 0x1.da9c2ep-5f, -0x1.fe7d24p-6f, 0x1.6551e2p-7f,
                              -0x1.d5a1aap-10f);
}
// pi/2 in two parts, minus or plus nothing: pi/2 - a.
inline constexpr float kHalfPiHigh = 0x1.921fb6p0f;
inline constexpr float kHalfPiLow = -0x1.777a5cp-25f;

template <class F>
F atan(F x) {
  const F t = abs(x);
  const F one = like(x, 1.0f);
  const auto inverted = one < t;
  const F u = select(inverted, one / t, t);
  const F tail = atan_tail(u);
  const F far = like(x, kHalfPiHigh) - (u + (tail - like(x, kHalfPiLow)));
  return copysign(select(inverted, far, u + tail), x);
}

// The angle of the point (x, y); the signs of zeros and infinities count as in C.
template <class F>
F atan2(F y, F x) {
  const F one = like(x, 1.0f);
  const F zero = like(x, 0.0f);
  const F a = abs(x);
  const F b = abs(y);
  const auto steep = a < b;
  const F small = select(steep, a, b);
  const F large = select(steep, b, a);
  const F ratio = select(small == large, select(large == zero, zero, one), small / large);
  const F tail = atan_tail(ratio);
  const F half_pi_low = like(x, kHalfPiLow);
  const auto left = copysign(one, x) < zero;
  // steep: pi/2 - angle; left: pi - angle; both: pi/2 + angle.
  const F turned = select(left & steep, tail + half_pi_low, half_pi_low - tail);
  const F signed_ratio = select(left & steep, ratio, -ratio);
  const F around_half_pi = like(x, kHalfPiHigh) + (signed_ratio + turned);
  const F two_low = half_pi_low + half_pi_low;
  const F around_pi = like(x, 2.0f * kHalfPiHigh) + (two_low - tail - ratio);
  const F angle = select(steep, around_half_pi, select(left, around_pi, ratio + tail));
  const F nan = like(x, kQuietNan);
  return select(is_nan(x) | is_nan(y), nan, copysign(angle, y));
}

}  // namespace tandem::op_table::leaf
