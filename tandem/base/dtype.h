// Element types, their properties and promotion.
#pragma once

#include <array>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tandem/base/half.h"

namespace tandem {

enum class Dtype : uint8_t {
  bool_,
  uint8,
  uint16,
  uint32,
  uint64,
  int8,
  int16,
  int32,
  int64,
  float16,
  bfloat16,
  float32,
  float64,
  complex64,
};
inline constexpr int kDtypeCount = 14;

// The text of a row that applies to a dtype: op_table has one column for each.
enum class ComputeClass : uint8_t { boolean, integer, real, complex };

struct DtypeInfo {
  std::string_view name;
  uint8_t size;  // bytes
  ComputeClass compute;
  bool is_signed;
};

inline constexpr std::array<DtypeInfo, kDtypeCount> kDtypeInfo = {{
    {"bool", 1, ComputeClass::boolean, false},
    {"uint8", 1, ComputeClass::integer, false},
    {"uint16", 2, ComputeClass::integer, false},
    {"uint32", 4, ComputeClass::integer, false},
    {"uint64", 8, ComputeClass::integer, false},
    {"int8", 1, ComputeClass::integer, true},
    {"int16", 2, ComputeClass::integer, true},
    {"int32", 4, ComputeClass::integer, true},
    {"int64", 8, ComputeClass::integer, true},
    {"float16", 2, ComputeClass::real, true},
    {"bfloat16", 2, ComputeClass::real, true},
    {"float32", 4, ComputeClass::real, true},
    {"float64", 8, ComputeClass::real, true},
    {"complex64", 8, ComputeClass::complex, true},
}};

constexpr const DtypeInfo& info(Dtype dtype) { return kDtypeInfo[static_cast<size_t>(dtype)]; }
constexpr size_t size_of(Dtype dtype) { return info(dtype).size; }
constexpr std::string_view name_of(Dtype dtype) { return info(dtype).name; }
constexpr ComputeClass compute_class(Dtype dtype) { return info(dtype).compute; }
constexpr bool is_integer(Dtype dtype) { return info(dtype).compute == ComputeClass::integer; }
constexpr bool is_floating(Dtype dtype) { return info(dtype).compute == ComputeClass::real; }
constexpr bool is_complex(Dtype dtype) { return dtype == Dtype::complex64; }
constexpr bool is_inexact(Dtype dtype) { return is_floating(dtype) || is_complex(dtype); }

// The dtype that holds both operands, as the ecosystem's users know it: uint64 with a signed
// integer gives float32, any integer with a float gives that float, float16 with bfloat16 float32.
Dtype promote(Dtype a, Dtype b);

// The dtype from its name ("float32"); raises DTypeError for an unknown one.
Dtype dtype_from_name(std::string_view name);

// Calls f(std::type_identity<T>{}) with the C++ storage type of `dtype`.
template <class T>
struct TypeTag {
  using type = T;
};

template <class F>
decltype(auto) visit(Dtype dtype, F&& f) {
  switch (dtype) {
    case Dtype::bool_:
      return f(TypeTag<bool>{});
    case Dtype::uint8:
      return f(TypeTag<uint8_t>{});
    case Dtype::uint16:
      return f(TypeTag<uint16_t>{});
    case Dtype::uint32:
      return f(TypeTag<uint32_t>{});
    case Dtype::uint64:
      return f(TypeTag<uint64_t>{});
    case Dtype::int8:
      return f(TypeTag<int8_t>{});
    case Dtype::int16:
      return f(TypeTag<int16_t>{});
    case Dtype::int32:
      return f(TypeTag<int32_t>{});
    case Dtype::int64:
      return f(TypeTag<int64_t>{});
    case Dtype::float16:
      return f(TypeTag<float16_t>{});
    case Dtype::bfloat16:
      return f(TypeTag<bfloat16_t>{});
    case Dtype::float32:
      return f(TypeTag<float>{});
    case Dtype::float64:
      return f(TypeTag<double>{});
    case Dtype::complex64:
      break;
  }
  return f(TypeTag<std::complex<float>>{});
}

}  // namespace tandem
