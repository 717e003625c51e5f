#include "tandem/backends/common/sort/vector_sort.h"

#include <hwy/contrib/sort/vqsort.h>

#include <algorithm>
#include <cstring>

namespace tandem::backends::common {
namespace {

constexpr size_t kFew = 16;  // below which the call costs more than the sort

const hwy::Sorter& sorter() {
  thread_local const hwy::Sorter instance;
  return instance;
}

template <class Key>
void sort_vectors(Key* keys, size_t count) {
  if (count < kFew) {
    std::sort(keys, keys + count);
  } else {
    sorter()(keys, count, hwy::SortAscending());
  }
}

}  // namespace

// Bytes are counted.
void sort_keys(uint8_t* keys, size_t count) {
  if (count < 64) return std::sort(keys, keys + count);
  size_t counts[256] = {};
  for (size_t i = 0; i < count; ++i) ++counts[keys[i]];
  for (size_t value = 0; value < 256; ++value) {
    std::memset(keys, static_cast<int>(value), counts[value]);
    keys += counts[value];
  }
}

void sort_keys(uint16_t* keys, size_t count) { sort_vectors(keys, count); }
void sort_keys(uint32_t* keys, size_t count) { sort_vectors(keys, count); }
void sort_keys(uint64_t* keys, size_t count) { sort_vectors(keys, count); }

void sort_keys(WideKey* keys, size_t count) {
  if (count < kFew) return std::sort(keys, keys + count);
  static_assert(sizeof(WideKey) == sizeof(hwy::uint128_t));
  sorter()(reinterpret_cast<hwy::uint128_t*>(keys), count, hwy::SortAscending());
}

}  // namespace tandem::backends::common
