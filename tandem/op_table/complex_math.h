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

// log |x| from the larger part, so that |x| itself need not be finite.
template <class F>
Complex<F> log(Complex<F> x) {
  const F a = abs(x.re);
  const F b = abs(x.im);
  const F large = max(a, b);
  const F ratio = select(a == b, like(a, 1), min(a, b) / large);
  const F modulus = log(large) + like(a, 0.5f) * log1p(ratio * ratio);
  const F zero = like(a, 0);
  const F infinity = like(a, kInfinity);
  const F re =
      select(large == zero, -infinity, select(is_infinite(a) | is_infinite(b), infinity, modulus));
  return {re, atan2(x.im, x.re)};
}

template <class F>
Complex<F> sinh(Complex<F> x) {
  return {sinh(x.re) * cos(x.im), cosh(x.re) * sin(x.im)};
}
template <class F>
Complex<F> cosh(Complex<F> x) {
  return {cosh(x.re) * cos(x.im), sinh(x.re) * sin(x.im)};
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
  const F below = a2 + (one - x.im) * (one - x.im);
  return {re, like(x.re, 0.25f) * log1p(like(x.re, 4) * x.im / below)};
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
  return high + log(like(x, 1) + exp(min(x, y) - high));
}

}  // namespace tandem::op_table
