// Hyperbolic functions: odd polynomials near zero, exponentials elsewhere. Coefficients come from
// tools/coefficients/*.sollya.
#pragma once

#include "tandem/op_table/exp_log.h"

namespace tandem::op_table::leaf {

template <class F>
F tanh(F x) {
  const F t = abs(x);
  const F one = like(x, 1.0f);
  const F two = like(x, 2.0f);
  const F e = exp_bounded(min(t + t, like(x, 40.0f)));
  const F large = one - two / (e + one);
  const F s = t * t;
  const F small = fma(s * t,
                      polynomial(s, -0x1.55553ep-2f, 0x1.1109bep-3f, -0x1.b89abap-5f,
                                 0x1.54c3c2p-6f, -0x1.828776p-8f),
                      t);
  return copysign(select(t < like(x, 0.6f), small, large), x);
}

// exp(|x|) / 2, finite up to |x| = 89.4.
template <class F>
F half_exp(F t) {
  const ExpParts<F> parts = exp_parts(min(t, like(t, 91.0f)));
  return leaf::scale(exp_near_zero(parts.r), parts.n - like(t, 1.0f));
}
template <class F>
F sinh(F x) {
  const F t = abs(x);
  const F e = half_exp(t);
  const F large = e - like(x, 0.25f) / e;
  const F s = t * t;
  const F small = fma(
      s * t, polynomial(s, 0x1.555556p-3f, 0x1.1110eap-7f, 0x1.a01c22p-13f, 0x1.76771ep-19f), t);
  return copysign(select(t < like(x, 1.0f), small, large), x);
}
template <class F>
F cosh(F x) {
  const F e = half_exp(abs(x));
  return e + like(x, 0.25f) / e;
}

}  // namespace tandem::op_table::leaf
