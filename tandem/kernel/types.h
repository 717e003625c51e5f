// Compute types of the kernel IR and how the 14 storage dtypes map onto them.
#pragma once

#include <cstdint>
#include <string_view>

#include "tandem/base/dtype.h"

namespace tandem::kernel {

enum class Type : uint8_t { b1, i32, i64, f32, f64 };
inline constexpr int kTypeCount = 5;

constexpr std::string_view name_of(Type type) {
  constexpr std::string_view names[] = {"b1", "i32", "i64", "f32", "f64"};
  return names[static_cast<int>(type)];
}

// The type a stored element has inside a kernel. 8- and 16-bit integers live in i32 (with Wrap),
// float16 and bfloat16 in f32 (with Round), complex64 is two f32 values (parts 0 and 1).
constexpr Type compute_type(Dtype dtype) {
  switch (dtype) {
    case Dtype::bool_:
      return Type::b1;
    case Dtype::uint64:
    case Dtype::int64:
      return Type::i64;
    case Dtype::float64:
      return Type::f64;
    case Dtype::float16:
    case Dtype::bfloat16:
    case Dtype::float32:
    case Dtype::complex64:
      return Type::f32;
    default:
      return Type::i32;
  }
}

}  // namespace tandem::kernel
