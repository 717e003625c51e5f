// Elementary functions of Complex<F>, on the leaves of the real carrier. Principal branches.
#pragma once

#include "tandem/op_table/complex.h"
#include "tandem/op_table/scalar_math.h"

namespace tandem::op_table {

template <class F>
Complex<F> scaled(Complex<F> x, float factor) {
  return {x.re * like(x.re, factor), x.im * like(x.im, factor)};
}

template <class F>
Complex<F> exp(Complex<F> x) {
  const F modulus = exp(x.re);
  // A real argument stays real where the modulus is infinite.
  const F im = select(x.im == like(x.im, 0), x.im, modulus * sin(x.im));
  return {modulus * cos(x.im), im};
}

// (1 + a)^2 + b^2 - 1, in which nothing cancels that need not: the sums are exact in two parts.
template <class F>
F square_modulus_above_one(F a, F b) {
  const leaf::DoubleFloat<F> shifted = leaf::two_sum(a, like(a, 2));
  const F p = a * shifted.high;
  const F p_low = fma(a, shifted.high, -p) + a * shifted.low;
  const F q = b * b;
  const leaf::DoubleFloat<F> sum = leaf::two_sum(p, q);
  return sum.high + (sum.low + (p_low + fma(b, b, -q)));
}
// log |x| from the larger part, so that |x| itself need not be finite; close to |x| = 1 from what
// |x|^2 differs by.
template <class F>
F log_modulus(F large, F small) {
  const F one = like(large, 1);
  const F half = like(large, 0.5f);
  const F ratio = select(large == small, one, small / large);
  const F modulus = log(large) + half * log1p(ratio * ratio);
  const F excess = square_modulus_above_one(large - one, small);
  const auto near = (half < large) & (large < like(large, 2)) & (abs(excess) < half);
  const F result = select(near, half * log1p(excess), modulus);
  const F infinity = like(large, kInfinity);
  return select(large == like(large, 0), -infinity,
                select((large == infinity) | (small == infinity), infinity, result));
}
template <class F>
Complex<F> log(Complex<F> x) {
  const F a = abs(x.re);
  const F b = abs(x.im);
  return {log_modulus(max(a, b), min(a, b)), atan2(x.im, x.re)};
}
template <class F>
Complex<F> log1p(Complex<F> x) {
  const Complex<F> sum = {like(x.re, 1) + x.re, x.im};
  const F a = abs(sum.re);
  const F b = abs(sum.im);
  const F half = like(x.re, 0.5f);
  const F excess = square_modulus_above_one(x.re, x.im);
  const auto near = (-half < excess) & (excess < like(x.re, 2));
  const F re = select(near, half * log1p(excess), log_modulus(max(a, b), min(a, b)));
  return {re, atan2(sum.im, sum.re)};
}

// A zero imaginary part stays zero beside an infinite real part.
template <class F>
Complex<F> sinh(Complex<F> x) {
  const F im = select(x.im == like(x.im, 0), x.im, cosh(x.re) * sin(x.im));
  return {sinh(x.re) * cos(x.im), im};
}
template <class F>
Complex<F> cosh(Complex<F> x) {
  const F zero = like(x.re, 0);
  const auto real = (x.im == zero) & ~is_nan(x.re);
  const F im = select(real, x.im * copysign(like(x.re, 1), x.re), sinh(x.re) * sin(x.im));
  return {cosh(x.re) * cos(x.im), im};
}
// Kahan's form: with t = tan(im) and s = sinh(re), nothing cancels.
template <class F>
Complex<F> tanh(Complex<F> x) {
  const F one = like(x.re, 1);
  const F t = tan(x.im);
  const F s = sinh(x.re);
  const F beta = one + t * t;
  const F rho = sqrt(one + s * s);
  const F scale = one + beta * (s * s);
  const Complex<F> value = {(beta * rho * s) / scale, t / scale};
  const Complex<F> limit = {copysign(one, x.re), copysign(like(x.re, 0), x.im)};
  return select(like(x.re, 11.0f) < abs(x.re), limit, value);
}

// i x and -i x: the circular functions are the hyperbolic ones turned by a quarter.
template <class F>
Complex<F> turned_left(Complex<F> x) {
  return {-x.im, x.re};
}
template <class F>
Complex<F> turned_right(Complex<F> x) {
  return {x.im, -x.re};
}
template <class F>
Complex<F> sin(Complex<F> x) {
  return turned_right(sinh(turned_left(x)));
}
template <class F>
Complex<F> cos(Complex<F> x) {
  return cosh(turned_left(x));
}
template <class F>
Complex<F> tan(Complex<F> x) {
  return turned_right(tanh(turned_left(x)));
}

// atan(a + bi): half the angle between 1 - b + ai and 1 + b - ai, and half the logarithm of their
// ratio.
template <class F>
Complex<F> atan(Complex<F> x) {
  const F one = like(x.re, 1);
  const F half = like(x.re, 0.5f);
  const F a2 = x.re * x.re;
  const F re = half * atan2(x.re + x.re, (one - x.im) * (one + x.im) - a2);
  const F b = abs(x.im);
  const F below = a2 + (one - b) * (one - b);
  const F im = like(x.re, 0.25f) * log1p(like(x.re, 4) * b / below);
  return {re, copysign(im, x.im)};
}
template <class F>
Complex<F> atanh(Complex<F> x) {
  return turned_right(atan(turned_left(x)));
}

// Kahan's forms, from the square roots of 1 - x and 1 + x.
template <class F>
Complex<F> asin(Complex<F> x) {
  const F one = like(x.re, 1);
  const Complex<F> a = sqrt(Complex<F>{one - x.re, -x.im});
  const Complex<F> b = sqrt(Complex<F>{one + x.re, x.im});
  return {atan2(x.re, a.re * b.re - a.im * b.im), asinh(a.re * b.im - a.im * b.re)};
}
template <class F>
Complex<F> acos(Complex<F> x) {
  const F one = like(x.re, 1);
  const Complex<F> a = sqrt(Complex<F>{one - x.re, -x.im});
  const Complex<F> b = sqrt(Complex<F>{one + x.re, x.im});
  return {like(x.re, 2) * atan2(a.re, b.re), asinh(b.re * a.im - b.im * a.re)};
}
template <class F>
Complex<F> acosh(Complex<F> x) {
  const F one = like(x.re, 1);
  const Complex<F> a = sqrt(Complex<F>{x.re - one, x.im});
  const Complex<F> b = sqrt(Complex<F>{x.re + one, x.im});
  return {asinh(a.re * b.re + a.im * b.im), like(x.re, 2) * atan2(a.im, b.re)};
}
template <class F>
Complex<F> asinh(Complex<F> x) {
  return turned_right(asin(turned_left(x)));
}

// exp(y log(x)); 0 to the power 0 is 1, any other power of 0 is 0.
template <class F>
Complex<F> pow(Complex<F> x, Complex<F> y) {
  const Complex<F> zero = like(x, 0);
  const Complex<F> of_zero = select(y == zero, like(x, 1), zero);
  return select(x == zero, of_zero, exp(y * log(x)));
}

template <class F>
Complex<F> log_add_exp(Complex<F> x, Complex<F> y) {
  const Complex<F> high = max(x, y);
  return high + log1p(exp(min(x, y) - high));
}

}  // namespace tandem::op_table
