// Sizes of small blocks: multiples of 64 bytes up to 256, then four per doubling, so that at most a
// fifth of a block is unused. Sizes from 1,024 up are multiples of 256.
#pragma once

#include <bit>
#include <cstddef>

namespace tandem::memory {

inline constexpr size_t kQuantum = 64;
inline constexpr size_t kLargestSmall = size_t{256} << 10;

// The class of the smallest size that holds `bytes`, which is at most kLargestSmall.
constexpr int class_of(size_t bytes) {
  if (bytes <= 4 * kQuantum) return bytes == 0 ? 0 : static_cast<int>((bytes - 1) / kQuantum);
  const size_t last = bytes - 1;
  const int exponent = std::bit_width(last) - 1;  // 2^exponent <= last
  const auto quarter = static_cast<int>((last >> (exponent - 2)) & 3);
  return (exponent - 8) * 4 + quarter + 4;
}

constexpr size_t size_of_class(int index) {
  if (index < 4) return kQuantum * static_cast<size_t>(index + 1);
  const int exponent = (index - 4) / 4 + 8;
  return (size_t{1} << exponent) + (static_cast<size_t>((index - 4) % 4 + 1) << (exponent - 2));
}

inline constexpr int kClassCount = class_of(kLargestSmall) + 1;

}  // namespace tandem::memory
