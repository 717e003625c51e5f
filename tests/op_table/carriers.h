// A carrier in double precision whose leaf functions are the standard library's: rows evaluated on
// it are accurate enough to differentiate numerically. It records whether a leaf was called.
#pragma once

#include <cmath>
#include <concepts>
#include <stdexcept>

#include "tandem/op_table/op.h"
#include "tests/op_table/inverse_of_erf.h"

namespace tandem::op_table::testing_carrier {

struct Reference {
  double v;
  static inline bool leaf_called = false;
};

inline Reference like(Reference, double constant) { return {constant}; }
inline Reference operator+(Reference x, Reference y) { return {x.v + y.v}; }
inline Reference operator-(Reference x, Reference y) { return {x.v - y.v}; }
inline Reference operator*(Reference x, Reference y) { return {x.v * y.v}; }
inline Reference operator/(Reference x, Reference y) { return {x.v / y.v}; }
inline Reference operator-(Reference x) { return {-x.v}; }
inline B1 operator<(Reference x, Reference y) { return {x.v < y.v}; }
inline B1 operator<=(Reference x, Reference y) { return {x.v <= y.v}; }
inline B1 operator==(Reference x, Reference y) { return {x.v == y.v}; }
inline B1 operator!=(Reference x, Reference y) { return {x.v != y.v}; }
inline B1 is_nan(Reference x) { return {std::isnan(x.v)}; }
inline Reference select(B1 mask, Reference a, Reference b) { return mask.v ? a : b; }
inline Reference min(Reference x, Reference y) { return {min(F64{x.v}, F64{y.v}).v}; }
inline Reference max(Reference x, Reference y) { return {max(F64{x.v}, F64{y.v}).v}; }
inline Reference fma(Reference x, Reference y, Reference z) { return {std::fma(x.v, y.v, z.v)}; }
inline Reference copysign(Reference x, Reference y) { return {std::copysign(x.v, y.v)}; }
inline Reference abs(Reference x) { return {std::fabs(x.v)}; }
inline Reference sqrt(Reference x) { return {std::sqrt(x.v)}; }
inline Reference rint(Reference x) { return {std::nearbyint(x.v)}; }
inline Reference floor(Reference x) { return {std::floor(x.v)}; }
inline Reference ceil(Reference x) { return {std::ceil(x.v)}; }
inline Reference trunc(Reference x) { return {std::trunc(x.v)}; }

template <std::floating_point Real>
Real leaf_value(LeafId id, Real x) {
  switch (id) {
    case LeafId::exp:
      return std::exp(x);
    case LeafId::log:
      return std::log(x);
    case LeafId::expm1:
      return std::expm1(x);
    case LeafId::log1p:
      return std::log1p(x);
    case LeafId::log2:
      return std::log2(x);
    case LeafId::log10:
      return std::log10(x);
    case LeafId::sin:
      return std::sin(x);
    case LeafId::cos:
      return std::cos(x);
    case LeafId::tan:
      return std::tan(x);
    case LeafId::tanh:
      return std::tanh(x);
    case LeafId::sinh:
      return std::sinh(x);
    case LeafId::cosh:
      return std::cosh(x);
    case LeafId::sigmoid:
      return 1 / (1 + std::exp(-x));
    case LeafId::erf:
      return std::erf(x);
    case LeafId::atan:
      return std::atan(x);
    case LeafId::asin:
      return std::asin(x);
    case LeafId::acos:
      return std::acos(x);
    case LeafId::asinh:
      return std::asinh(x);
    case LeafId::acosh:
      return std::acosh(x);
    case LeafId::atanh:
      return std::atanh(x);
    case LeafId::erfinv:
      return static_cast<Real>(inverse_of_erf(x));
    default:
      throw std::logic_error("no reference for this leaf of one operand");
  }
}
// Of two operands.
template <std::floating_point Real>
Real leaf_value(LeafId id, Real x, Real y) {
  switch (id) {
    case LeafId::atan2:
      return std::atan2(x, y);
    case LeafId::pow:
      // The long double form of glibc gives a wrong sign for infinite x and huge y.
      return std::isinf(x) ? std::pow(static_cast<double>(x), static_cast<double>(y))
                           : std::pow(x, y);
    case LeafId::fmod:
      return std::fmod(x, y);
    default:
      throw std::logic_error("no reference for this leaf of two operands");
  }
}
template <LeafId id, class... More>
Reference call_leaf(LeafTag<id>, Reference x, More... more) {
  Reference::leaf_called = true;
  return {leaf_value(id, x.v, more.v...)};
}

}  // namespace tandem::op_table::testing_carrier
