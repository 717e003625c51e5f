// Sorting of unsigned keys in memory: one row by one thread, or by many. The result is unique, so it
// depends neither on the instruction set nor on the number of threads.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tandem::backends::common {

// A key with a number beside it; ordered by the key, then by the number.
struct alignas(16) WideKey {
  uint64_t low = 0, high = 0;
  // Without branches, as merges want it.
  friend bool operator<(const WideKey& a, const WideKey& b) {
    const auto less = static_cast<int>(a.high < b.high);
    const auto equal = static_cast<int>(a.high == b.high);
    return (less | (equal & static_cast<int>(a.low < b.low))) != 0;
  }
};

// Ascending, in place, on the calling thread.
void sort_keys(uint8_t* keys, size_t count);
void sort_keys(uint16_t* keys, size_t count);
void sort_keys(uint32_t* keys, size_t count);
void sort_keys(uint64_t* keys, size_t count);
void sort_keys(WideKey* keys, size_t count);

}  // namespace tandem::backends::common
