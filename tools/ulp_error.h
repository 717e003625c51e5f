// The error of a float or double against an exact value of higher precision, in units in the last
// place.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

namespace tandem::op_table {

// |value - exact| in units in the last place of the exact value, beyond the largest float in units
// of that. Infinite where one is NaN and the other not, where a zero has the wrong sign and where a
// finite value stands for an infinite one.
template <class Float, class Real>
double ulp_error(Float value, Real exact) {
  using Limits = std::numeric_limits<Float>;
  constexpr double kWrong = std::numeric_limits<double>::infinity();
  if (exact != exact || value != value) return (exact != exact) == (value != value) ? 0 : kWrong;
  const Real magnitude = exact < 0 ? -exact : exact;
  const Real largest = static_cast<Real>(Limits::max());
  const Real last_place = largest - static_cast<Real>(std::nextafter(Limits::max(), Float{0}));
  if (std::isinf(value)) {
    if ((value > 0) != (exact > 0)) return kWrong;
    if (magnitude >= largest + last_place / 2) return 0;  // rounds to infinity
    return static_cast<double>((largest + last_place - magnitude) / last_place);
  }
  if (std::isinf(static_cast<long double>(exact))) return kWrong;
  if (exact == 0) {
    const bool negative = std::signbit(static_cast<double>(exact));
    return value == 0 && std::signbit(value) == negative ? 0 : kWrong;
  }
  if (value == 0 && std::signbit(value) != (exact < 0)) return kWrong;
  // The place of the exact value, at least that of subnormals.
  int exponent = Limits::min_exponent - 1;
  if (magnitude >= static_cast<Real>(Limits::min())) {
    exponent = std::min(std::ilogb(static_cast<long double>(magnitude)), Limits::max_exponent - 1);
  }
  const Real difference = static_cast<Real>(value) - exact;
  const auto error = static_cast<long double>(difference < 0 ? -difference : difference);
  return static_cast<double>(std::ldexp(error, Limits::digits - 1 - exponent));
}

}  // namespace tandem::op_table
