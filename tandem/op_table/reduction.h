// The ways a set of elements becomes one.
#pragma once

#include <cstdint>
#include <iterator>
#include <string_view>

namespace tandem::op_table {

enum class Reduction : uint8_t { sum, prod, min, max, all, any, argmin, argmax };

// "invalid" for a value outside of the list, as a corrupt kernel may hold.
constexpr std::string_view name_of(Reduction reduction) {
  constexpr std::string_view kNames[] = {"sum", "prod", "min",    "max",
                                         "all", "any",  "argmin", "argmax"};
  const auto index = static_cast<size_t>(reduction);
  return index < std::size(kNames) ? kNames[index] : "invalid";
}

constexpr bool gives_position(Reduction reduction) {
  return reduction == Reduction::argmin || reduction == Reduction::argmax;
}

}  // namespace tandem::op_table
