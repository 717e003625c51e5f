// Complex<F>: a complex number over a real carrier F, for the complex texts of rows. Comparisons
// are lexicographic, as the ecosystem's users know them.
#pragma once

#include "tandem/op_table/row_math.h"
#include "tandem/op_table/scalar.h"

namespace tandem::op_table {

template <class F>
struct Complex {
  F re, im;
};

template <class F>
Complex<F> like(Complex<F> x, double constant) {
  return {like(x.re, static_cast<float>(constant)), like(x.re, 0)};
}
template <class F>
Complex<F> operator+(Complex<F> x, Complex<F> y) {
  return {x.re + y.re, x.im + y.im};
}
template <class F>
Complex<F> operator-(Complex<F> x, Complex<F> y) {
  return {x.re - y.re, x.im - y.im};
}
template <class F>
Complex<F> operator-(Complex<F> x) {
  return {-x.re, -x.im};
}
template <class F>
Complex<F> operator*(Complex<F> x, Complex<F> y) {
  return {x.re * y.re - x.im * y.im, x.re * y.im + x.im * y.re};
}
template <class F>
Complex<F> conjugate(Complex<F> x) {
  return {x.re, -x.im};
}

template <class F>
auto operator==(Complex<F> x, Complex<F> y) {
  return (x.re == y.re) & (x.im == y.im);
}
template <class F>
auto operator!=(Complex<F> x, Complex<F> y) {
  return ~(x == y);
}
template <class F>
auto operator<(Complex<F> x, Complex<F> y) {
  return (x.re < y.re) | ((x.re == y.re) & (x.im < y.im));
}
template <class F>
auto operator<=(Complex<F> x, Complex<F> y) {
  return (x.re < y.re) | ((x.re == y.re) & (x.im <= y.im));
}
template <class F>
auto is_nan(Complex<F> x) {
  return is_nan(x.re) | is_nan(x.im);
}
template <class M, class F>
Complex<F> select(M mask, Complex<F> a, Complex<F> b) {
  return {select(mask, a.re, b.re), select(mask, a.im, b.im)};
}
template <class F>
Complex<F> max(Complex<F> x, Complex<F> y) {
  return select(is_nan(x) | (y < x), x, y);
}
template <class F>
Complex<F> min(Complex<F> x, Complex<F> y) {
  return select(is_nan(x) | (x < y), x, y);
}
template <class F>
Complex<F> rint(Complex<F> x) {
  return {rint(x.re), rint(x.im)};
}

// Smith's form: the smaller part of the divisor is scaled by the larger, so that nothing overflows
// that need not.
template <class F>
Complex<F> operator/(Complex<F> x, Complex<F> y) {
  const auto wide = abs(y.im) <= abs(y.re);
  const F large = select(wide, y.re, y.im);
  const F small = select(wide, y.im, y.re);
  const F ratio = small / large;
  const F scale = large + small * ratio;
  const F a = select(wide, x.re + x.im * ratio, x.re * ratio + x.im);
  const F b = select(wide, x.im - x.re * ratio, x.im * ratio - x.re);
  return {a / scale, b / scale};
}

// The modulus without overflow on the way; infinite where either part is.
template <class F>
F abs(Complex<F> x) {
  const F a = abs(x.re);
  const F b = abs(x.im);
  const F large = max(a, b);
  const F small = min(a, b);
  const F ratio = select(large == small, like(a, 1), small / large);
  const F modulus = large * sqrt(fma(ratio, ratio, like(a, 1)));
  const F infinity = like(a, kInfinity);
  return select((a == infinity) | (b == infinity), infinity,
                select(large == like(a, 0), large, modulus));
}
template <class F>
Complex<F> sign(Complex<F> x) {
  const F modulus = abs(x);
  const Complex<F> unit = {x.re / modulus, x.im / modulus};
  return select(modulus == like(modulus, 0), Complex<F>{modulus, modulus}, unit);
}

// Principal square root, continuous from above on the negative real axis; the sign of the imaginary
// part is kept.
template <class F>
Complex<F> sqrt(Complex<F> x) {
  const F half = like(x.re, 0.5f);
  const F modulus = abs(Complex<F>{x.re * half, x.im * half});
  const F root = sqrt(abs(x.re) * half + modulus);
  const F other = select(root == like(root, 0), x.im, x.im * half / root);
  const auto positive = like(x.re, 0) <= x.re;
  return {select(positive, root, abs(other)), select(positive, other, copysign(root, x.im))};
}

}  // namespace tandem::op_table
