// The error function in double precision. Coefficients come from
// tools/coefficients/float64_erf.sollya.
#pragma once

#include "tandem/op_table/float64/exp_log.h"

namespace tandem::op_table::float64 {

template <class F>
F erf(F x) {
  const F t = min(abs(x), like(x, 6.0));
  const F s = t * t;
  const F near_zero = float64::polynomial(
      s, 0x1.06eba8214db69p-3, -0x1.812746b037a03p-2, 0x1.ce2f21a043c7fp-4, -0x1.b82ce312d1654p-6,
      0x1.565bcd198d5p-8, -0x1.c02db61c30fefp-11, 0x1.f9a369b936608p-14, -0x1.f4d7e5c067b5p-17,
      0x1.ba36338f2d8fp-20, -0x1.6269070f90616p-23, 0x1.10353d0af2232p-26, -0x1.ca4b0ec1eec15p-30,
      0x1.6857e5ef7dc2dp-33);
  const F q = float64::polynomial(
      t, 0x1.06ebab06c50bdp-3, 0x1.45f2fdfc84022p-1, 0x1.a4f67c12c53dfp-4, -0x1.397d9959677d7p-6,
      -0x1.99840d62e8ebp-13, 0x1.b5c43f4869c64p-10, -0x1.21542776c951cp-11, -0x1.313d552ecee95p-16,
      0x1.b8b69debefebp-14, -0x1.f4da769a48fc5p-15, 0x1.61011dc1a218p-16, -0x1.5c4f2f53dedbfp-18,
      0x1.ca78e7584a2ebp-21, -0x1.021a1a36e3d35p-24, -0x1.c19b91064569dp-27, 0x1.72aa43010c342p-28,
      -0x1.15474b53e728p-30, 0x1.07f89997bbfbep-33, -0x1.47472260ee99p-37, 0x1.e6b55de559e96p-42,
      -0x1.4b9e2b44cdd53p-47);
  const F far = like(x, 1.0) - float64::exp_bounded(-fma(t, q, t));
  return copysign(select(t < like(x, 0.9), fma(t, near_zero, t), far), x);
}

}  // namespace tandem::op_table::float64
