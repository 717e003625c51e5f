// The error function. Coefficients come from tools/coefficients/erf.sollya.
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

}  // namespace tandem::op_table::leaf
