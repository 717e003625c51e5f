// Sorting of unsigned keys in memory: one row by one thread, or by many. The result is unique, so it
// depends neither on the instruction set nor on the number of threads.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tandem::backends::common {

// A key with a number beside it; ordered by the key, then by the number.
struct alignas(16) WideKey {
  uint64_t low = 0, high = 0;
  friend bool operator<(const WideKey& a, const WideKey& b) {
    return a.high < b.high || (a.high == b.high && a.low < b.low);
  }
};

// Ascending, in place, on the calling thread.
void sort_keys(uint8_t* keys, size_t count);
void sort_keys(uint16_t* keys, size_t count);
void sort_keys(uint32_t* keys, size_t count);
void sort_keys(uint64_t* keys, size_t count);
void sort_keys(WideKey* keys, size_t count);

}  // namespace tandem::backends::common
