// The error function and its inverse in double precision. Coefficients come from
// tools/coefficients/float64_erf.sollya and erfinv.py.
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

// x p(w) with w = -log(1 - x^2), beyond 6.25 in its root.
template <class F>
F erfinv(F x) {
  const F one = like(x, 1.0);
  const F t = abs(x);
  const F w = -float64::log((one - t) * (one + t));
  const F root = sqrt(w);
  const F p_near = float64::polynomial(
      w - like(x, 3.125), 0x1.a755e7c99ae86p+0, 0x1.ebd80d9b13df9p-3, -0x1.8b6c33114ea71p-8,
      -0x1.8457694835230p-11, 0x1.879c2a20b13a0p-13, -0x1.d1d1f7ca61a14p-17, -0x1.6e8a53ca14edfp-20,
      0x1.c6b4f898a7553p-22, -0x1.f36cee3c60d01p-26, -0x1.1a9eb3bfcd07cp-28, 0x1.20f53f519ed0ap-30,
      -0x1.dc3e5172ac9cfp-35, -0x1.c8a5ab52e0019p-37, 0x1.7231a3e48d582p-39, -0x1.6ba68d1796bcfp-44,
      -0x1.682f41a549495p-45, 0x1.d63b2bb633bd2p-48, -0x1.97658b3d58e2ep-55, -0x1.1ac450727647cp-53,
      0x1.2702e1128be12p-56, 0x1.7997aa9237e9cp-61, -0x1.bed537ed97e92p-62, 0x1.61fa58bed690ap-66,
      0x1.493dd47a7b686p-68, -0x1.98901e99d9c27p-72, -0x1.71e85cb7c66e7p-76);
  const F p_middle = float64::polynomial(
      root - like(x, 3.25), 0x1.8abcc380d5a48p+1, 0x1.0158a6d641d54p+0, 0x1.5ffcfe5b6cdf1p-8,
      -0x1.ebadabb9fbc24p-9, 0x1.468eeca93f733p-9, -0x1.ba9240da8b306p-10, 0x1.f3cc545f83fd5p-11,
      -0x1.7448bc373ebfbp-12, 0x1.932e8d102d857p-16, 0x1.1e6aa5fbf1f1ep-14, -0x1.8cf45a16de60fp-15,
      0x1.a245be6e20b5fp-17, 0x1.89984a140efedp-19, -0x1.0b96b91e8b479p-18, 0x1.8dc25dc0df161p-20,
      -0x1.9856b31be2091p-26, -0x1.07e13aaa994e8p-22, 0x1.0ef2cc0802555p-23, -0x1.63934d43c8c68p-26,
      -0x1.7b4174a43c47dp-27, 0x1.053a5b69dbae9p-27, -0x1.8c3857d0faac1p-30);
  const F p_far = float64::polynomial(
      root - like(x, 5.015625), 0x1.376780b98fb1cp+2, 0x1.02a2c1c5aa05ap+0, -0x1.37d269b547ab4p-13,
      -0x1.b9170d17b46fdp-13, 0x1.385df00da5752p-14, -0x1.432bcae98172fp-16, 0x1.288d94d3a97b7p-18,
      -0x1.0308919870485p-20, 0x1.d825533a726a1p-23, -0x1.0f98d157691c0p-24, 0x1.c7b444caacfdep-26,
      -0x1.daa1fcfd631d8p-27, 0x1.ea32d40fdf6b2p-28, -0x1.bf41137b46861p-29, 0x1.5166a10dd075fp-30,
      -0x1.90f256d36c487p-32, 0x1.438bba2bfebcfp-34, 0x1.662e96f21d8d9p-37, -0x1.4b94a478e3438p-36,
      0x1.8e94ea52b5872p-38);
  const F p = select(w < like(x, 6.25), p_near, select(w < like(x, 16.0), p_middle, p_far));
  return copysign(select(t == one, like(x, kInf), t * p), x);
}

}  // namespace tandem::op_table::float64
