// The ways a set of elements becomes one.
#pragma once

#include <cstdint>
#include <string_view>

namespace tandem::op_table {

enum class Reduction : uint8_t { sum, prod, min, max, all, any, argmin, argmax };

constexpr std::string_view name_of(Reduction reduction) {
  constexpr std::string_view kNames[] = {"sum", "prod", "min",    "max",
                                         "all", "any",  "argmin", "argmax"};
  return kNames[static_cast<int>(reduction)];
}

constexpr bool gives_position(Reduction reduction) {
  return reduction == Reduction::argmin || reduction == Reduction::argmax;
}

}  // namespace tandem::op_table
