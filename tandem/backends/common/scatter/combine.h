// How an element takes in a value, by dtype: the text of the op row of the same name.
#pragma once

#include <complex>
#include <type_traits>

#include "tandem/base/dtype.h"
#include "tandem/base/half.h"
#include "tandem/op_table/op.h"
#include "tandem/op_table/update.h"

namespace tandem::backends::common {

using op_table::RowId;
using op_table::Update;

template <Update how>
inline constexpr RowId kUpdateRow = how == Update::add        ? RowId::add
                                    : how == Update::subtract ? RowId::subtract
                                    : how == Update::multiply ? RowId::multiply
                                    : how == Update::divide   ? RowId::divide
                                    : how == Update::maximum  ? RowId::maximum
                                                              : RowId::minimum;

// Elements as the values that texts take: 8- and 16-bit ones in 32 bits.
template <class T>
auto to_carrier(T x) {
  if constexpr (std::is_same_v<T, bool>) {
    return op_table::B1{x};
  } else if constexpr (std::is_same_v<T, std::complex<float>>) {
    return op_table::Complex<op_table::F32>{{x.real()}, {x.imag()}};
  } else if constexpr (std::is_same_v<T, float16_t> || std::is_same_v<T, bfloat16_t>) {
    return op_table::F32{static_cast<float>(x)};
  } else if constexpr (std::is_integral_v<T> && sizeof(T) < 4) {
    return op_table::Scalar<std::conditional_t<std::is_signed_v<T>, int32_t, uint32_t>>{x};
  } else {
    return op_table::Scalar<T>{x};
  }
}

template <class T, class C>
T from_carrier(C x) {
  if constexpr (std::is_same_v<T, std::complex<float>>) {
    return {x.re.v, x.im.v};
  } else {
    return static_cast<T>(x.v);
  }
}

template <class T>
constexpr ComputeClass kComputeClass =
    std::is_same_v<T, bool>                  ? ComputeClass::boolean
    : std::is_integral_v<T>                  ? ComputeClass::integer
    : std::is_same_v<T, std::complex<float>> ? ComputeClass::complex
                                             : ComputeClass::real;

// Integers and bool are divided as float32, as the row does, and what comes out is cast back.
template <class T>
T divide_as_float(T x, T y) {
  const float quotient = static_cast<float>(x) / static_cast<float>(y);
  if constexpr (std::is_same_v<T, bool>) return quotient != 0.0f;
  using Wide = std::conditional_t<(sizeof(T) < 4), int32_t, T>;
  return static_cast<T>(op_table::saturate_to<Wide>(quotient));
}

template <Update how, class T>
T combine(T x, T y) {
  if constexpr (how == Update::set) {
    return y;
  } else if constexpr (how == Update::divide && std::is_integral_v<T>) {
    return divide_as_float(x, y);
  } else {
    constexpr auto kText = op_table::row_text<kComputeClass<T>>(op_table::Row<kUpdateRow<how>>{});
    return from_carrier<T>(kText(to_carrier(x), to_carrier(y)));
  }
}

// The same for one element among many that are far apart. Extremes are what one instruction gives,
// and a NaN stays without being chosen: after a branch that nobody can foresee, or with a value that
// is chosen bit by bit, the next loads would wait for this one.
template <Update how, class T>
void take_in(T& element, T value) {
  constexpr bool kExtreme = how == Update::maximum || how == Update::minimum;
  if constexpr (kExtreme && kComputeClass<T> == ComputeClass::real) {
    const auto old = to_carrier(element).v, other = to_carrier(value).v;
    if (old != old) return;
    const auto extreme =
        how == Update::maximum ? (old > other ? old : other) : (old < other ? old : other);
    element = static_cast<T>(extreme);
  } else {
    element = combine<how>(element, value);
  }
}

}  // namespace tandem::backends::common
