// The scalar carrier: one value with exactly the semantics of the kernel IR (kernel/ir.h). Texts of
// rows and leaves are generic lambdas over a carrier; this one is the specification, the Highway
// carrier of the interpreter and the IR-building carrier of kernel/ offer the same functions:
//
//   operators  + - * /  unary -  < <= > >= == !=   on floats;  + - * & | ^ ~ << and the comparisons
//              on integers;  & | ^ ~ (logical) on masks
//   floats     fma sqrt rint floor ceil trunc abs copysign min max ldexp(x, n) is_nan
//   integers   div rem min max mulhi shr (logical) sar   shifts by >= width give 0 (sar: the sign)
//              >> is sar of signed, shr of unsigned integers
//   both       select(mask, a, b), like(x, c): the constant c in the type of x
//              is_double(f): bool, or std::bool_constant where the type of the carrier tells
//   optional   any_true(mask) -> C++ bool: lets a text skip work that no lane needs;
//              scale_near_one(p, n): a faster ldexp (leaf_common.h); neither changes a result
//   bits       bits(f) -> integer of the same width, from_bits(i) -> float
//   convert    to_int(f): signed integer of the same width, truncating, saturating, NaN gives 0;
//              to_float(i): float of the same width, nearest even
#pragma once

#include <bit>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace tandem::op_table {

template <class T>
struct Scalar {
  T v;
};

using F32 = Scalar<float>;
using F64 = Scalar<double>;
using I32 = Scalar<int32_t>;
using U32 = Scalar<uint32_t>;
using I64 = Scalar<int64_t>;
using U64 = Scalar<uint64_t>;
using B1 = Scalar<bool>;

template <class T>
concept ScalarInteger = std::integral<T> && !std::same_as<T, bool>;

template <class T>
using SameWidthInt = std::conditional_t<sizeof(T) == 8, int64_t, int32_t>;
template <class T>
using SameWidthFloat = std::conditional_t<sizeof(T) == 8, double, float>;

template <class T>
constexpr Scalar<T> like(Scalar<T>, std::type_identity_t<T> constant) {
  return {constant};
}

// ---- floats
template <std::floating_point T>
constexpr Scalar<T> operator+(Scalar<T> x, Scalar<T> y) {
  return {x.v + y.v};
}
template <std::floating_point T>
constexpr Scalar<T> operator-(Scalar<T> x, Scalar<T> y) {
  return {x.v - y.v};
}
template <std::floating_point T>
constexpr Scalar<T> operator*(Scalar<T> x, Scalar<T> y) {
  return {x.v * y.v};
}
template <std::floating_point T>
constexpr Scalar<T> operator/(Scalar<T> x, Scalar<T> y) {
  return {x.v / y.v};
}
template <std::floating_point T>
constexpr Scalar<T> operator-(Scalar<T> x) {
  using Bits = std::make_unsigned_t<SameWidthInt<T>>;
  return {std::bit_cast<T>(std::bit_cast<Bits>(x.v) ^ (Bits{1} << (sizeof(T) * 8 - 1)))};
}
template <std::floating_point T>
constexpr auto is_double(Scalar<T>) {
  return std::bool_constant<sizeof(T) == 8>{};
}
template <std::floating_point T>
constexpr B1 is_nan(Scalar<T> x) {
  return {x.v != x.v};
}
template <std::floating_point T>
Scalar<T> fma(Scalar<T> x, Scalar<T> y, Scalar<T> z) {
  return {std::fma(x.v, y.v, z.v)};
}
template <std::floating_point T>
Scalar<T> sqrt(Scalar<T> x) {
  return {std::sqrt(x.v)};
}
template <std::floating_point T>
Scalar<T> rint(Scalar<T> x) {
  return {std::nearbyint(x.v)};
}
template <std::floating_point T>
Scalar<T> floor(Scalar<T> x) {
  return {std::floor(x.v)};
}
template <std::floating_point T>
Scalar<T> ceil(Scalar<T> x) {
  return {std::ceil(x.v)};
}
template <std::floating_point T>
Scalar<T> trunc(Scalar<T> x) {
  return {std::trunc(x.v)};
}
template <std::floating_point T>
Scalar<T> abs(Scalar<T> x) {
  return {std::fabs(x.v)};
}
template <std::floating_point T>
Scalar<T> copysign(Scalar<T> x, Scalar<T> y) {
  return {std::copysign(x.v, y.v)};
}
// NaN in x wins, then NaN in y (every comparison with it is false); ties give y.
template <std::floating_point T>
constexpr Scalar<T> max(Scalar<T> x, Scalar<T> y) {
  return {x.v != x.v ? x.v : (x.v > y.v ? x.v : y.v)};
}
template <std::floating_point T>
constexpr Scalar<T> min(Scalar<T> x, Scalar<T> y) {
  return {x.v != x.v ? x.v : (x.v < y.v ? x.v : y.v)};
}
template <std::floating_point T>
Scalar<T> ldexp(Scalar<T> x, I32 n) {
  return {std::ldexp(x.v, n.v)};
}

// ---- integers (wrapping, total)
template <ScalarInteger T>
constexpr T wrap_op(T a, T b, auto f) {
  using U = std::make_unsigned_t<T>;
  return static_cast<T>(f(static_cast<U>(a), static_cast<U>(b)));
}
template <ScalarInteger T>
constexpr Scalar<T> operator+(Scalar<T> x, Scalar<T> y) {
  return {wrap_op(x.v, y.v, [](auto a, auto b) { return a + b; })};
}
template <ScalarInteger T>
constexpr Scalar<T> operator-(Scalar<T> x, Scalar<T> y) {
  return {wrap_op(x.v, y.v, [](auto a, auto b) { return a - b; })};
}
template <ScalarInteger T>
constexpr Scalar<T> operator*(Scalar<T> x, Scalar<T> y) {
  return {wrap_op(x.v, y.v, [](auto a, auto b) { return a * b; })};
}
template <ScalarInteger T>
constexpr Scalar<T> operator-(Scalar<T> x) {
  return Scalar<T>{0} - x;
}
template <ScalarInteger T>
constexpr Scalar<T> operator&(Scalar<T> x, Scalar<T> y) {
  return {static_cast<T>(x.v & y.v)};
}
template <ScalarInteger T>
constexpr Scalar<T> operator|(Scalar<T> x, Scalar<T> y) {
  return {static_cast<T>(x.v | y.v)};
}
template <ScalarInteger T>
constexpr Scalar<T> operator^(Scalar<T> x, Scalar<T> y) {
  return {static_cast<T>(x.v ^ y.v)};
}
template <ScalarInteger T>
constexpr Scalar<T> operator~(Scalar<T> x) {
  return {static_cast<T>(~x.v)};
}
template <ScalarInteger T>
constexpr bool shift_in_range(T n) {
  return static_cast<std::make_unsigned_t<T>>(n) < sizeof(T) * 8;
}
template <ScalarInteger T>
constexpr Scalar<T> operator<<(Scalar<T> x, Scalar<T> n) {
  if (!shift_in_range(n.v)) return {0};
  return {static_cast<T>(static_cast<std::make_unsigned_t<T>>(x.v) << n.v)};
}
template <ScalarInteger T>
constexpr Scalar<T> shr(Scalar<T> x, Scalar<T> n) {
  if (!shift_in_range(n.v)) return {0};
  return {static_cast<T>(static_cast<std::make_unsigned_t<T>>(x.v) >> n.v)};
}
template <ScalarInteger T>
constexpr Scalar<T> sar(Scalar<T> x, Scalar<T> n) {
  using S = std::make_signed_t<T>;
  const S value = static_cast<S>(x.v);
  if (!shift_in_range(n.v)) return {static_cast<T>(value < 0 ? -1 : 0)};
  return {static_cast<T>(value >> n.v)};
}
template <ScalarInteger T>
constexpr Scalar<T> operator>>(Scalar<T> x, Scalar<T> n) {
  if constexpr (std::is_signed_v<T>) return sar(x, n);
  return shr(x, n);
}
// Division truncates; x / 0 = x % 0 = 0; MIN / -1 = MIN, MIN % -1 = 0.
template <ScalarInteger T>
constexpr Scalar<T> div(Scalar<T> x, Scalar<T> y) {
  if (y.v == 0) return {0};
  if (std::is_signed_v<T> && y.v == static_cast<T>(-1)) return Scalar<T>{0} - x;
  return {static_cast<T>(x.v / y.v)};
}
template <ScalarInteger T>
constexpr Scalar<T> rem(Scalar<T> x, Scalar<T> y) {
  if (y.v == 0 || (std::is_signed_v<T> && y.v == static_cast<T>(-1))) return {0};
  return {static_cast<T>(x.v % y.v)};
}
template <ScalarInteger T>
constexpr Scalar<T> mulhi(Scalar<T> x, Scalar<T> y) {
  using Wide = std::conditional_t<std::is_signed_v<T>, __int128, unsigned __int128>;
  return {static_cast<T>((static_cast<Wide>(x.v) * static_cast<Wide>(y.v)) >> (sizeof(T) * 8))};
}
template <ScalarInteger T>
constexpr Scalar<T> min(Scalar<T> x, Scalar<T> y) {
  return {x.v < y.v ? x.v : y.v};
}
template <ScalarInteger T>
constexpr Scalar<T> max(Scalar<T> x, Scalar<T> y) {
  return {x.v > y.v ? x.v : y.v};
}

// ---- comparisons, masks, selection
template <class T>
constexpr B1 operator<(Scalar<T> x, Scalar<T> y) {
  return {x.v < y.v};
}
template <class T>
constexpr B1 operator<=(Scalar<T> x, Scalar<T> y) {
  return {x.v <= y.v};
}
template <class T>
constexpr B1 operator>(Scalar<T> x, Scalar<T> y) {
  return y < x;
}
template <class T>
constexpr B1 operator>=(Scalar<T> x, Scalar<T> y) {
  return y <= x;
}
template <class T>
constexpr B1 operator==(Scalar<T> x, Scalar<T> y) {
  return {x.v == y.v};
}
template <class T>
constexpr B1 operator!=(Scalar<T> x, Scalar<T> y) {
  return {!(x.v == y.v)};
}
constexpr B1 operator&(B1 x, B1 y) { return {x.v && y.v}; }
constexpr B1 operator|(B1 x, B1 y) { return {x.v || y.v}; }
constexpr B1 operator^(B1 x, B1 y) { return {x.v != y.v}; }
constexpr B1 operator~(B1 x) { return {!x.v}; }
constexpr bool any_true(B1 mask) { return mask.v; }
template <class T>
constexpr Scalar<T> select(B1 mask, Scalar<T> a, Scalar<T> b) {
  return mask.v ? a : b;
}

// ---- bits and conversions
template <std::floating_point T>
constexpr auto bits(Scalar<T> x) {
  return Scalar<SameWidthInt<T>>{std::bit_cast<SameWidthInt<T>>(x.v)};
}
template <ScalarInteger T>
constexpr auto from_bits(Scalar<T> x) {
  return Scalar<SameWidthFloat<T>>{std::bit_cast<SameWidthFloat<T>>(x.v)};
}
// Truncating, saturating conversion to any integer type; NaN gives 0.
template <ScalarInteger To, std::floating_point T>
constexpr To saturate_to(T value) {
  if (value != value) return 0;
  constexpr T low = static_cast<T>(std::numeric_limits<To>::min());
  // 2^digits is exact in every float type, the maximum itself may not be.
  constexpr T high = static_cast<T>(uint64_t{1} << (std::numeric_limits<To>::digits - 1)) * 2;
  if (value <= low) return std::numeric_limits<To>::min();
  if (value >= high) return std::numeric_limits<To>::max();
  return static_cast<To>(value);
}
template <std::floating_point T>
constexpr auto to_int(Scalar<T> x) {
  return Scalar<SameWidthInt<T>>{saturate_to<SameWidthInt<T>>(x.v)};
}
template <ScalarInteger T>
constexpr auto to_float(Scalar<T> x) {
  return Scalar<SameWidthFloat<T>>{static_cast<SameWidthFloat<T>>(x.v)};
}

// p 2^n as leaf_common.h wants it: the first product is exact, so that only one rounds.
constexpr F32 scale_near_one(F32 p, F32 n) {
  const auto power = [](int32_t exponent) {
    return std::bit_cast<float>((exponent + 127) * (int32_t{1} << 23));
  };
  const int32_t whole = saturate_to<int32_t>(n.v);
  const int32_t half = whole >> 1;
  return {p.v * power(half) * power(whole - half)};
}

}  // namespace tandem::op_table
