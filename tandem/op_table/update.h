// The ways an element of an array takes in a value that is written to it.
#pragma once

#include <cstdint>
#include <iterator>
#include <string_view>

namespace tandem::op_table {

enum class Update : uint8_t { set, add, subtract, multiply, divide, maximum, minimum };

constexpr std::string_view name_of(Update update) {
  constexpr std::string_view kNames[] = {"set",    "add",     "subtract", "multiply",
                                         "divide", "maximum", "minimum"};
  const auto index = static_cast<size_t>(update);
  return index < std::size(kNames) ? kNames[index] : "invalid";
}

}  // namespace tandem::op_table
