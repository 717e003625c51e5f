#include "tests/op_table/row_references.h"

#include <cmath>
#include <limits>

#include "tests/op_table/inverse_of_erf.h"

namespace tandem::op_table {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr Real kDegree = 57.295779513082320876798154814105L;

Whole floor_quotient(Whole x, Whole y) {
  if (y == 0) return 0;
  const Whole q = x / y;
  return x % y != 0 && (x < 0) != (y < 0) ? q - 1 : q;
}
// Modulo 2^128, of which any narrower width keeps its part.
Whole product(Whole x, Whole y) {
  return static_cast<Whole>(static_cast<unsigned __int128>(x) * static_cast<unsigned __int128>(y));
}

// Modulo 2^128, of which every narrower result is the low part.
Whole power_of(Whole x, Whole n) {
  if (n < 0) return 0;
  unsigned __int128 result = 1;
  auto square = static_cast<unsigned __int128>(x);
  for (; n > 0; n /= 2, square *= square) {
    if (n % 2 == 1) result *= square;
  }
  return static_cast<Whole>(result);
}
Whole shift_left(Whole x, Whole n) {
  if (n < 0 || n > 63) return 0;
  return static_cast<Whole>(static_cast<unsigned __int128>(x) << static_cast<int>(n));
}
Whole shift_right(Whole x, Whole n) {
  if (n < 0 || n > 63) return x < 0 ? -1 : 0;
  return x >> static_cast<int>(n);
}
Real larger(Real x, Real y) { return std::isnan(x) ? x : (x > y ? x : y); }
Real smaller(Real x, Real y) { return std::isnan(x) ? x : (x < y ? x : y); }
bool ordered_before(Cplx x, Cplx y) {
  return x.real() < y.real() || (x.real() == y.real() && x.imag() < y.imag());
}
Real python_remainder(Real x, Real y) {
  const Real r = std::fmod(x, y);
  return r != 0 && (r < 0) != (y < 0) ? r + y : r;
}
// The row divides before it rounds down, in the operands' own precision; exact where that is exact.
Real quotient_rounded_down(Real x, Real y) {
  return std::floor(static_cast<float>(x) / static_cast<float>(y));
}

#define R1(...) [](Real x, Real, Real) -> Real { return __VA_ARGS__; }
#define R2(...) [](Real x, Real y, Real) -> Real { return __VA_ARGS__; }
#define I1(...) [](Whole x, Whole, Whole) -> Whole { return __VA_ARGS__; }
#define I2(...) [](Whole x, Whole y, Whole) -> Whole { return __VA_ARGS__; }
#define C1(...) [](Cplx x, Cplx, Cplx) -> Cplx { return __VA_ARGS__; }
#define C2(...) [](Cplx x, Cplx y, Cplx) -> Cplx { return __VA_ARGS__; }

const std::vector<RowReference>& exact_unary() {
  static const std::vector<RowReference> kRows = {
      {RowId::negative, R1(-x), I1(-x), C1(-x), {{{0.0f}, -0.0f}}},
      {RowId::abs, R1(std::fabs(x)), I1(x < 0 ? -x : x), C1(std::abs(x)), {{{-0.0f}, 0.0f}}},
      {RowId::sign,
       R1(x > 0 ? 1 : (x < 0 ? -1 : 0)),
       I1(x > 0 ? 1 : (x < 0 ? -1 : 0)),
       C1(x == 0.0 ? 0.0 : x / std::abs(x)),
       {{{kNan}, 0.0f}, {{-0.0f}, 0.0f}, {{-kInf}, -1.0f}}},
      {RowId::square, R1(x * x), I1(product(x, x)), C1(x * x), {{{-3.0f}, 9.0f}}},
      {RowId::sqrt,
       R1(std::sqrt(x)),
       nullptr,
       C1(std::sqrt(x)),
       {{{-0.0f}, -0.0f}, {{-1.0f}, kNan}, {{0x1p-149f}, 0x1.6a09e6p-75f}}},
      {RowId::rsqrt,
       R1(1 / std::sqrt(x)),
       nullptr,
       C1(1.0 / std::sqrt(x)),
       {{{0.0f}, kInf}, {{-0.0f}, -kInf}, {{4.0f}, 0.5f}, {{kInf}, 0.0f}}},
      {RowId::reciprocal, R1(1 / x), nullptr, C1(1.0 / x), {{{-0.0f}, -kInf}, {{kInf}, 0.0f}}},
      {RowId::floor, R1(std::floor(x)), I1(x), nullptr, {{{-0.5f}, -1.0f}, {{-0.0f}, -0.0f}}},
      {RowId::ceil, R1(std::ceil(x)), I1(x), nullptr, {{{-0.5f}, -0.0f}, {{0x1p-149f}, 1.0f}}},
      {RowId::rint,
       R1(std::nearbyint(x)),
       I1(x),
       C1({std::nearbyint(x.real()), std::nearbyint(x.imag())}),
       {{{0.5f}, 0.0f}, {{1.5f}, 2.0f}, {{2.5f}, 2.0f}, {{-0.5f}, -0.0f}}},
      {RowId::trunc, R1(std::trunc(x)), I1(x), nullptr, {{{-1.5f}, -1.0f}, {{-0.5f}, -0.0f}}},
      {RowId::logical_not, R1(x == 0), I1(x == 0), C1(x == 0.0 ? 1.0 : 0.0), {{{kNan}, 0.0f}}},
      {RowId::bitwise_invert, nullptr, I1(-x - 1), nullptr},
      {RowId::isnan,
       R1(std::isnan(x)),
       I1(x != x),
       C1(std::isnan(x.real()) || std::isnan(x.imag()) ? 1.0 : 0.0),
       {{{kNan}, 1.0f}, {{kInf}, 0.0f}}},
      {RowId::isinf,
       R1(std::isinf(x)),
       I1(x != x),
       C1(std::isinf(x.real()) || std::isinf(x.imag()) ? 1.0 : 0.0),
       {{{-kInf}, 1.0f}, {{kNan}, 0.0f}}},
      {RowId::isfinite,
       R1(std::isfinite(x)),
       I1(x == x),
       C1(std::isfinite(x.real()) && std::isfinite(x.imag()) ? 1.0 : 0.0),
       {{{-kInf}, 0.0f}, {{kNan}, 0.0f}, {{0.0f}, 1.0f}}},
      {RowId::conjugate, R1(x), I1(x), C1(std::conj(x))},
      {RowId::real, R1(x), I1(x), C1(x.real())},
      {RowId::imag, [](Real, Real, Real) -> Real { return 0; }, I1(x - x), C1(x.imag())},
      {RowId::degrees, R1(x * kDegree), nullptr, C1(x * static_cast<double>(kDegree))},
      {RowId::radians, R1(x / kDegree), nullptr, C1(x / static_cast<double>(kDegree))},
      {RowId::isposinf,
       R1(std::isinf(x) && x > 0),
       I1(x != x),
       C1(std::isinf(x.real()) && x.real() > 0 && x.imag() == 0 ? 1.0 : 0.0),
       {{{kInf}, 1.0f}, {{-kInf}, 0.0f}, {{kNan}, 0.0f}}},
      {RowId::isneginf,
       R1(std::isinf(x) && x < 0),
       I1(x != x),
       C1(std::isinf(x.real()) && x.real() < 0 && x.imag() == 0 ? 1.0 : 0.0),
       {{{kInf}, 0.0f}, {{-kInf}, 1.0f}, {{kNan}, 0.0f}}},
      {RowId::positive, R1(x), I1(x), C1(x), {{{-0.0f}, -0.0f}}},
      {RowId::stop_gradient, R1(x), I1(x), C1(x), {{{-0.0f}, -0.0f}}},
  };
  return kRows;
}

const std::vector<RowReference>& exact_binary() {
  static const std::vector<RowReference> kRows = {
      {RowId::add, R2(x + y), I2(x + y), C2(x + y), {{{0.0f, -0.0f}, 0.0f}}},
      {RowId::subtract, R2(x - y), I2(x - y), C2(x - y), {{{kInf, kInf}, kNan}}},
      {RowId::multiply, R2(x * y), I2(product(x, y)), C2(x * y), {{{0.0f, kInf}, kNan}}},
      {RowId::divide,
       R2(x / y),
       nullptr,
       C2(x / y),
       {{{1.0f, -0.0f}, -kInf}, {{0.0f, 0.0f}, kNan}}},
      {RowId::floor_divide,
       R2(quotient_rounded_down(x, y)),
       I2(floor_quotient(x, y)),
       nullptr,
       {{{-7.0f, 2.0f}, -4.0f}, {{1.0f, 0.1f}, 10.0f}, {{5.0f, 0.0f}, kInf}}},
      {RowId::maximum,
       R2(larger(x, y)),
       I2(x > y ? x : y),
       C2(ordered_before(y, x) ? x : y),
       {{{kNan, 1.0f}, kNan}, {{1.0f, kNan}, kNan}, {{0.0f, -0.0f}, -0.0f}, {{-0.0f, 0.0f}, 0.0f}}},
      {RowId::minimum,
       R2(smaller(x, y)),
       I2(x < y ? x : y),
       C2(ordered_before(x, y) ? x : y),
       {{{kNan, 1.0f}, kNan}, {{1.0f, kNan}, kNan}, {{0.0f, -0.0f}, -0.0f}}},
      {RowId::equal, R2(x == y), I2(x == y), C2(x == y ? 1.0 : 0.0), {{{kNan, kNan}, 0.0f}}},
      {RowId::not_equal, R2(x != y), I2(x != y), C2(x != y ? 1.0 : 0.0), {{{kNan, kNan}, 1.0f}}},
      {RowId::less, R2(x < y), I2(x < y), C2(ordered_before(x, y) ? 1.0 : 0.0), {{{kNan, 1}, 0}}},
      {RowId::less_equal, R2(x <= y), I2(x <= y), C2(ordered_before(x, y) || x == y ? 1.0 : 0.0)},
      {RowId::greater, R2(x > y), I2(x > y), C2(ordered_before(y, x) ? 1.0 : 0.0)},
      {RowId::greater_equal, R2(x >= y), I2(x >= y),
       C2(ordered_before(y, x) || x == y ? 1.0 : 0.0)},
      {RowId::logical_and,
       R2(x != 0 && y != 0),
       I2(x != 0 && y != 0),
       C2(x != 0.0 && y != 0.0 ? 1.0 : 0.0),
       {{{kNan, 1.0f}, 1.0f}, {{-0.0f, 1.0f}, 0.0f}}},
      {RowId::logical_or,
       R2(x != 0 || y != 0),
       I2(x != 0 || y != 0),
       C2(x != 0.0 || y != 0.0 ? 1.0 : 0.0),
       {{{kNan, 0.0f}, 1.0f}, {{-0.0f, 0.0f}, 0.0f}}},
      {RowId::logical_xor,
       R2((x != 0) != (y != 0)),
       I2((x != 0) != (y != 0)),
       C2((x != 0.0) != (y != 0.0) ? 1.0 : 0.0),
       {{{kNan, 0.0f}, 1.0f}, {{-0.0f, 0.0f}, 0.0f}}},
      {RowId::bitwise_and, nullptr, I2(x & y), nullptr},
      {RowId::bitwise_or, nullptr, I2(x | y), nullptr},
      {RowId::bitwise_xor, nullptr, I2(x ^ y), nullptr},
      {RowId::left_shift, nullptr, I2(shift_left(x, y)), nullptr},
      {RowId::right_shift, nullptr, I2(shift_right(x, y)), nullptr},
      {RowId::where,
       [](Real x, Real y, Real z) -> Real { return x != 0 ? y : z; },
       [](Whole x, Whole y, Whole z) -> Whole { return x != 0 ? y : z; },
       [](Cplx x, Cplx y, Cplx z) -> Cplx { return x != 0.0 ? y : z; },
       {{{1.0f, -0.0f, kNan}, -0.0f}, {{0.0f, kNan, 2.0f}, 2.0f}}},
  };
  return kRows;
}

const std::vector<RowReference>& on_leaves() {
  static const std::vector<RowReference> kRows = {
      {RowId::exp, R1(std::exp(x)), nullptr, C1(std::exp(x)), {{{-kInf}, 0.0f}, {{89.0f}, kInf}}},
      {RowId::log, R1(std::log(x)), nullptr, C1(std::log(x)), {{{-0.0f}, -kInf}, {{1.0f}, 0.0f}}},
      {RowId::expm1, R1(std::expm1(x)), nullptr, nullptr, {{{-0.0f}, -0.0f}, {{-kInf}, -1.0f}}},
      {RowId::log1p,
       R1(std::log1p(x)),
       nullptr,
       C1(std::log(1.0 + x)),
       {{{-1.0f}, -kInf}, {{-0.0f}, -0.0f}, {{-1.5f}, kNan}}},
      {RowId::log2, R1(std::log2(x)), nullptr, C1(std::log(x) / std::log(2.0)), {{{8.0f}, 3.0f}}},
      {RowId::log10, R1(std::log10(x)), nullptr, C1(std::log10(x)), {{{1e3f}, 3.0f}}},
      {RowId::sin, R1(std::sin(x)), nullptr, C1(std::sin(x)), {{{-0.0f}, -0.0f}, {{kInf}, kNan}}},
      {RowId::cos, R1(std::cos(x)), nullptr, C1(std::cos(x)), {{{-0.0f}, 1.0f}, {{-kInf}, kNan}}},
      {RowId::tan, R1(std::tan(x)), nullptr, C1(std::tan(x)), {{{-0.0f}, -0.0f}, {{kInf}, kNan}}},
      {RowId::tanh, R1(std::tanh(x)), nullptr, C1(std::tanh(x)), {{{kInf}, 1.0f}, {{kNan}, kNan}}},
      {RowId::sinh, R1(std::sinh(x)), nullptr, C1(std::sinh(x)), {{{-kInf}, -kInf}, {{90}, kInf}}},
      {RowId::cosh, R1(std::cosh(x)), nullptr, C1(std::cosh(x)), {{{-kInf}, kInf}, {{0.0f}, 1.0f}}},
      {RowId::sigmoid,
       R1(1 / (1 + std::exp(-x))),
       nullptr,
       nullptr,
       {{{0.0f}, 0.5f}, {{-kInf}, 0.0f}, {{kInf}, 1.0f}, {{kNan}, kNan}}},
      {RowId::erf, R1(std::erf(x)), nullptr, nullptr, {{{-kInf}, -1.0f}, {{-0.0f}, -0.0f}}},
      {RowId::arctan, R1(std::atan(x)), nullptr, C1(std::atan(x)), {{{kInf}, 0x1.921fb6p0f}}},
      {RowId::arcsin,
       R1(std::asin(x)),
       nullptr,
       C1(std::asin(x)),
       {{{-0.0f}, -0.0f}, {{1.0f}, 0x1.921fb6p0f}, {{1.5f}, kNan}}},
      {RowId::arccos,
       R1(std::acos(x)),
       nullptr,
       C1(std::acos(x)),
       {{{1.0f}, 0.0f}, {{-1.0f}, 0x1.921fb6p1f}, {{-1.5f}, kNan}}},
      {RowId::arcsinh, R1(std::asinh(x)), nullptr, C1(std::asinh(x)), {{{-0.0f}, -0.0f}}},
      {RowId::arccosh, R1(std::acosh(x)), nullptr, C1(std::acosh(x)), {{{1.0f}, 0.0f}}},
      {RowId::arctanh, R1(std::atanh(x)), nullptr, C1(std::atanh(x)), {{{-1.0f}, -kInf}}},
      {RowId::erfinv,
       R1(inverse_of_erf(x)),
       nullptr,
       nullptr,
       {{{-0.0f}, -0.0f}, {{1.0f}, kInf}, {{-1.0f}, -kInf}, {{1.5f}, kNan}}},
      {RowId::arctan2,
       R2(std::atan2(x, y)),
       nullptr,
       nullptr,
       {{{-0.0f, -1.0f}, -0x1.921fb6p1f}, {{0.0f, -0.0f}, 0x1.921fb6p1f}, {{0.0f, 0.0f}, 0.0f}}},
      {RowId::power,
       // In double: the long double form of some libraries errs for huge exponents.
       R2(std::pow(static_cast<double>(x), static_cast<double>(y))),
       I2(power_of(x, y)),
       C2(std::pow(x, y)),
       {{{kNan, 0.0f}, 1.0f},
        {{1.0f, kNan}, 1.0f},
        {{-8.0f, 0x1.555556p-2f}, kNan},
        {{-0.0f, -3.0f}, -kInf},
        {{-1.0f, kInf}, 1.0f},
        {{-kInf, 3.0f}, -kInf}}},
      {RowId::remainder,
       R2(python_remainder(x, y)),
       I2(y == 0 ? Whole{0} : x - y * floor_quotient(x, y)),
       nullptr,
       {{{-7.5f, 2.0f}, 0.5f},
        {{7.5f, -2.0f}, -0.5f},
        {{-1.0f, kInf}, kInf},
        {{1.0f, 0.0f}, kNan}}},
      {RowId::logaddexp,
       R2(x == y ? x + std::log(2.0L) : larger(x, y) + std::log1p(std::exp(-std::fabs(x - y)))),
       nullptr,
       C2(ordered_before(x, y) ? y + std::log(1.0 + std::exp(x - y))
                               : x + std::log(1.0 + std::exp(y - x))),
       {{{kInf, kInf}, kInf},
        {{-kInf, -kInf}, -kInf},
        {{kInf, -kInf}, kInf},
        {{1.0f, -kInf}, 1.0f}},
       false},
  };
  return kRows;
}

}  // namespace

std::span<const RowReference> row_references() {
  static const std::vector<RowReference> kAll = [] {
    std::vector<RowReference> all = exact_unary();
    all.insert(all.end(), exact_binary().begin(), exact_binary().end());
    all.insert(all.end(), on_leaves().begin(), on_leaves().end());
    return all;
  }();
  return kAll;
}

const RowReference* find_reference(RowId id) {
  for (const RowReference& reference : row_references()) {
    if (reference.id == id) return &reference;
  }
  return nullptr;
}

}  // namespace tandem::op_table
