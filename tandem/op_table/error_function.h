// The error function and its inverse. Coefficients come from tools/coefficients/erf.sollya and
// erfinv.py.
#pragma once

#include "tandem/op_table/exp_log.h"

namespace tandem::op_table::leaf {

template <class F>
F erf(F x) {
  const F t = min(abs(x), like(x, 4.0f));
  const F s = t * t;
  const F small =
      fma(t,
          polynomial(s, 0x1.06eba8p-3f, -0x1.812742p-2f, 0x1.ce2df2p-4f, -0x1.b80db4p-6f,
                     0x1.54c5dcp-8f, -0x1.aa51f4p-11f, 0x1.5d6d2ap-14f),
          t);
  const F q = polynomial(t, 0x1.0774eap-3f, 0x1.453682p-1f, 0x1.b2f1c8p-4f, -0x1.84a1aap-6f,
                         0x1.dadcf2p-9f, -0x1.4d826cp-12f, 0x1.6926b4p-17f);
  const F large = like(x, 1.0f) - exp_bounded(-fma(t, q, t));
  return copysign(select(t < like(x, 0.92f), small, large), x);
}

// x p(w) with w = -log(1 - x^2), beyond 5 in its root.
template <class F>
F erfinv(F x) {
  const F one = like(x, 1.0f);
  const F t = abs(x);
  const F w = -leaf::log((one - t) * (one + t));
  const F near = w - like(x, 2.5f);
  const F p_near = polynomial(near, 0x1.805c5cp+0f, 0x1.f91e8cp-3f, -0x1.11c3ccp-8f,
                              -0x1.486688p-10f, 0x1.c9b83ap-13f, -0x1.4cd6dcp-18f, -0x1.cb7b9ep-19f,
                              0x1.f3bcf6p-22f, 0x1.129bb8p-26f, -0x1.2c4526p-27f, 0x1.00d79ap-31f);
  const F far = sqrt(w) - like(x, 3.118034f);
  const F p_far = polynomial(far, 0x1.79c522p+1f, 0x1.00ed38p+0f, 0x1.d539c8p-8f, -0x1.625e0ap-8f,
                             0x1.fcd722p-9f, -0x1.51e9fep-9f, 0x1.507848p-10f, -0x1.44d0fcp-12f,
                             -0x1.f1e81ap-14f, 0x1.0abf00p-13f, -0x1.11c3d0p-15f);
  const F result = t * select(w < like(x, 5.0f), p_near, p_far);
  return copysign(select(t == one, like(x, kInf), result), x);
}

}  // namespace tandem::op_table::leaf
