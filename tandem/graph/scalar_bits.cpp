#include "tandem/graph/scalar_bits.h"

#include <bit>
#include <cstring>
#include <utility>

#include "tandem/base/check.h"
#include "tandem/op_table/scalar.h"

namespace tandem::graph {
namespace {

template <class T>
T to_element(const Scalar& scalar) {
  return std::visit(
      [](auto value) -> T {
        using V = decltype(value);
        if constexpr (std::is_same_v<V, std::complex<float>>) {
          if constexpr (std::is_same_v<T, std::complex<float>>) {
            return value;
          } else if constexpr (std::is_same_v<T, bool>) {
            return value != std::complex<float>(0);
          } else {
            return to_element<T>(Scalar(static_cast<double>(value.real())));
          }
        } else if constexpr (std::is_same_v<T, std::complex<float>>) {
          return {static_cast<float>(value), 0.0f};
        } else if constexpr (std::is_same_v<T, bool>) {
          return value != V(0);
        } else if constexpr (std::is_integral_v<T> && std::is_same_v<V, double>) {
          // As a cast of an array: 8 and 16 bits through int32 then wrap, wider ones saturate.
          if constexpr (sizeof(T) < 4) {
            return static_cast<T>(op_table::saturate_to<int32_t>(value));
          } else {
            return op_table::saturate_to<T>(value);
          }
        } else if constexpr (std::is_same_v<T, float16_t> || std::is_same_v<T, bfloat16_t>) {
          return T(static_cast<float>(value));
        } else {
          return static_cast<T>(value);
        }
      },
      scalar);
}

}  // namespace

void check_fits(const Scalar& scalar, Dtype dtype, std::string_view op) {
  const int64_t* integer = std::get_if<int64_t>(&scalar);
  if (!integer || !is_integer(dtype)) return;
  const bool fits = visit(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
      return std::in_range<T>(*integer);
    } else {
      return true;
    }
  });
  TANDEM_USER(fits, ArgumentError, op, "{} does not fit {}", *integer, name_of(dtype));
}

uint64_t encode_scalar(const Scalar& scalar, Dtype dtype) {
  return visit(dtype, [&](auto tag) -> uint64_t {
    using T = typename decltype(tag)::type;
    const T value = to_element<T>(scalar);
    if constexpr (std::is_same_v<T, float16_t> || std::is_same_v<T, bfloat16_t>) {
      return std::bit_cast<uint32_t>(static_cast<float>(value));
    } else if constexpr (std::is_same_v<T, bool>) {
      return value ? 1 : 0;
    } else if constexpr (std::is_integral_v<T>) {
      if constexpr (sizeof(T) == 8) return static_cast<uint64_t>(value);
      return static_cast<uint32_t>(static_cast<int32_t>(value));
    } else if constexpr (sizeof(T) == 8) {
      return std::bit_cast<uint64_t>(value);
    } else {
      return std::bit_cast<uint32_t>(value);
    }
  });
}

Scalar decode_scalar(uint64_t word, Dtype dtype) {
  switch (compute_class(dtype)) {
    case ComputeClass::boolean:
      return word != 0;
    case ComputeClass::complex:
      return std::complex<float>(std::bit_cast<float>(static_cast<uint32_t>(word)),
                                 std::bit_cast<float>(static_cast<uint32_t>(word >> 32)));
    case ComputeClass::real:
      if (dtype == Dtype::float64) return std::bit_cast<double>(word);
      return static_cast<double>(std::bit_cast<float>(static_cast<uint32_t>(word)));
    case ComputeClass::integer:
      break;
  }
  if (size_of(dtype) == 8) return static_cast<int64_t>(word);
  if (dtype == Dtype::uint32) return static_cast<int64_t>(static_cast<uint32_t>(word));
  return static_cast<int64_t>(static_cast<int32_t>(word));
}

Scalar load_scalar(const void* address, Dtype dtype) {
  return visit(dtype, [&](auto tag) -> Scalar {
    using T = typename decltype(tag)::type;
    T value;
    if constexpr (std::is_same_v<T, bool>) {
      return *static_cast<const uint8_t*>(address) != 0;
    } else {
      std::memcpy(&value, address, sizeof(T));
      if constexpr (std::is_same_v<T, std::complex<float>>) {
        return value;
      } else if constexpr (std::is_integral_v<T>) {
        return static_cast<int64_t>(value);
      } else if constexpr (std::is_same_v<T, double>) {
        return value;
      } else {
        return static_cast<double>(static_cast<float>(value));
      }
    }
  });
}

}  // namespace tandem::graph
