// The inverse of erf, which the standard library lacks, from its erf and erfc.
#pragma once

#include <cmath>
#include <limits>
#include <numbers>

namespace tandem::op_table {

// Newton's method from Winitzki's formula, on erfc where erf is flat.
inline long double inverse_of_erf(long double x) {
  const long double t = std::fabs(x);
  if (!(t < 1)) {
    using Limits = std::numeric_limits<long double>;
    return t == 1 ? std::copysign(Limits::infinity(), x) : Limits::quiet_NaN();
  }
  if (t == 0) return x;
  constexpr long double kA = 0.147L;
  const long double w = std::log1p(-t * t);
  const long double half = 2 / (std::numbers::pi_v<long double> * kA) + w / 2;
  long double y = std::sqrt(std::sqrt(half * half - w / kA) - half);
  if (t < 1e-3L) y = t * std::sqrt(std::numbers::pi_v<long double>) / 2;
  for (int step = 0; step < 4; ++step) {
    const long double error = t < 0.5L ? std::erf(y) - t : (1 - t) - std::erfc(y);
    y -= error * std::exp(y * y) * std::sqrt(std::numbers::pi_v<long double>) / 2;
  }
  return std::copysign(y, x);
}

}  // namespace tandem::op_table
