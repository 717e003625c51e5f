// Reference values of the float32 leaves in double and quadruple precision.
#pragma once

#include <quadmath.h>

#include <cmath>

#include "tandem/op_table/scalar_math.h"

namespace tandem::op_table {

template <LeafId id>
struct LeafReference;

#define TANDEM_REFERENCE(leaf, double_text, quad_text)         \
  template <>                                                  \
  struct LeafReference<LeafId::leaf> {                         \
    static double f64(double x) { return double_text; }        \
    static __float128 quad(__float128 x) { return quad_text; } \
  };
#define TANDEM_REFERENCE_2(leaf)                                                 \
  template <>                                                                    \
  struct LeafReference<LeafId::leaf> {                                           \
    static double f64(double x, double y) { return std::leaf(x, y); }            \
    static __float128 quad(__float128 x, __float128 y) { return leaf##q(x, y); } \
  };
TANDEM_REFERENCE(exp, std::exp(x), expq(x))
TANDEM_REFERENCE(log, std::log(x), logq(x))
TANDEM_REFERENCE(expm1, std::expm1(x), expm1q(x))
TANDEM_REFERENCE(log1p, std::log1p(x), log1pq(x))
TANDEM_REFERENCE(log2, std::log2(x), log2q(x))
TANDEM_REFERENCE(log10, std::log10(x), log10q(x))
TANDEM_REFERENCE(sin, std::sin(x), sinq(x))
TANDEM_REFERENCE(cos, std::cos(x), cosq(x))
TANDEM_REFERENCE(tan, std::tan(x), tanq(x))
TANDEM_REFERENCE(tanh, std::tanh(x), tanhq(x))
TANDEM_REFERENCE(sinh, std::sinh(x), sinhq(x))
TANDEM_REFERENCE(cosh, std::cosh(x), coshq(x))
TANDEM_REFERENCE(sigmoid, 1 / (1 + std::exp(-x)), 1 / (1 + expq(-x)))
TANDEM_REFERENCE(erf, std::erf(x), erfq(x))
TANDEM_REFERENCE(atan, std::atan(x), atanq(x))
TANDEM_REFERENCE_2(atan2)
TANDEM_REFERENCE_2(pow)
TANDEM_REFERENCE_2(fmod)
#undef TANDEM_REFERENCE_2
#undef TANDEM_REFERENCE

}  // namespace tandem::op_table
