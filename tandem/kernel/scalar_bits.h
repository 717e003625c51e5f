// Scalar carrier values to and from the 64-bit form the IR's constants have, and functions on the
// carrier as functions on bits.
#pragma once

#include <bit>
#include <cstdint>
#include <utility>

#include "tandem/op_table/scalar.h"

namespace tandem::kernel {

template <class T>
constexpr uint64_t to_bits(op_table::Scalar<T> x) {
  if constexpr (sizeof(T) == 1) return x.v ? 1 : 0;
  if constexpr (sizeof(T) == 4) return std::bit_cast<uint32_t>(x.v);
  if constexpr (sizeof(T) == 8) return std::bit_cast<uint64_t>(x.v);
}

template <class Carrier>
constexpr Carrier from_bits_as(uint64_t bits) {
  using T = decltype(Carrier::v);
  if constexpr (sizeof(T) == 1) return {bits != 0};
  if constexpr (sizeof(T) == 4) return {std::bit_cast<T>(static_cast<uint32_t>(bits))};
  if constexpr (sizeof(T) == 8) return {std::bit_cast<T>(bits)};
}

// The plain function that reads operands of the carriers A... from bits and calls the stateless f.
template <class... A, class F>
auto bits_function(F) {
  return +[](const uint64_t* in) -> uint64_t {
    return [in]<size_t... I>(std::index_sequence<I...>) {
      return to_bits(F{}(from_bits_as<A>(in[I])...));
    }(std::index_sequence_for<A...>{});
  };
}

}  // namespace tandem::kernel
