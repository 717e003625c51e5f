// Doubles that leaf functions are measured on: random bits and the ranges where results are finite
// and differ most, special values.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

namespace tandem::op_table {

class DoubleSamples {
 public:
  explicit DoubleSamples(uint64_t seed) : engine_(seed) {}

  double next() {
    switch (turn_++ % 6) {
      case 0:
        return std::bit_cast<double>(engine_());
      case 1:
        return std::ldexp(unit_(engine_), static_cast<int>(engine_() % 24) - 12);
      case 2:  // close to 1
        return 1 + std::ldexp(unit_(engine_), -static_cast<int>(engine_() % 52));
      case 3:
        return unit_(engine_) * 800;
      case 4:
        return unit_(engine_);
      default:
        return std::ldexp(unit_(engine_), static_cast<int>(engine_() % 2100) - 1075);
    }
  }
  // A second operand: every other one such that the power of x is near the ends of the range.
  double beside(double x) {
    const double y = next();
    if (turn_ % 4 < 2 || !(x > 0) || x == 1) return y;
    return std::ldexp(unit_(engine_), 10) / std::log2(x);
  }

 private:
  std::mt19937_64 engine_;
  std::uniform_real_distribution<double> unit_{-1, 1};
  uint64_t turn_ = 0;
};

inline const std::vector<double>& special_doubles() {
  static const std::vector<double> kValues = [] {
    using Limits = std::numeric_limits<double>;
    std::vector<double> values;
    for (double x :
         {0.0, Limits::denorm_min(), 0x1p-1030, Limits::min(), 0x1p-600, 0x1p-100, 0x1p-54, 0x1p-53,
          0x1p-27, 0x1p-26, 0.25, 0.5, 0.75, 0.9, 1.0, 1.5, 2.0, 2.5, 3.0, 6.0, 22.0, 40.0, 709.0,
          709.75, 709.78, 710.4, 710.5, 745.2, 0x1p27, 0x1p28, 0x1p51, 0x1p52, 0x1p53, 0x1p63,
          0x1p600, 0x1p1000, 0x1p1023, Limits::max(), Limits::infinity(), Limits::quiet_NaN(),
          // Close to multiples of pi/2, the last the closest of all doubles.
          0x1.921fb54442d18p0, 0x1.921fb54442d18p1, 0x1.921fb54442d18p20, 0x1.6ac5b262ca1ffp849}) {
      values.push_back(x);
      values.push_back(-x);
      values.push_back(std::nextafter(x, 0.0));
    }
    return values;
  }();
  return kValues;
}

}  // namespace tandem::op_table
