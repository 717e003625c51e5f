// Merging of sorted runs by many threads: each takes a part of the result that it finds by
// bisection.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "tandem/backends/common/thread_pool.h"

namespace tandem::backends::common {

// How many of the first `taken` keys of the merged result come from `a`.
template <class Key>
int64_t split_of(const Key* a, int64_t a_count, const Key* b, int64_t b_count, int64_t taken) {
  int64_t low = std::max<int64_t>(0, taken - b_count), high = std::min(taken, a_count);
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (b[taken - middle - 1] < a[middle]) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

// Keys [begin, end) of the result of merging a and b; without branches on the keys, which are in
// random order.
template <class Key>
void merge_part(const Key* a, int64_t a_count, const Key* b, int64_t b_count, int64_t begin,
                int64_t end, Key* out) {
  int64_t i = split_of(a, a_count, b, b_count, begin), j = begin - i;
  const int64_t a_end = split_of(a, a_count, b, b_count, end), b_end = end - a_end;
  Key* target = out + begin;
  while (i < a_end && j < b_end) {
    const Key left = a[i], right = b[j];
    const bool from_b = right < left;
    *target++ = from_b ? right : left;
    i += from_b ? 0 : 1;
    j += from_b ? 1 : 0;
  }
  target = std::copy(a + i, a + a_end, target);
  std::copy(b + j, b + b_end, target);
}

// Merges neighbouring runs, pair by pair, from `from` to `to`; `bounds` are the ends of the runs, 0
// first, and become those of the merged ones.
template <class Key>
void merge_runs(const Key* from, Key* to, std::vector<int64_t>& bounds) {
  constexpr int64_t kGrain = 16384;
  const int64_t count = bounds.back();
  parallel_for(count, kGrain, [&](int64_t begin, int64_t end) {
    for (size_t run = 0; run + 1 < bounds.size(); run += 2) {
      const int64_t first = bounds[run], middle = bounds[run + 1];
      const int64_t last = run + 2 < bounds.size() ? bounds[run + 2] : middle;
      if (last <= begin || first >= end) continue;
      merge_part(from + first, middle - first, from + middle, last - middle,
                 std::max(begin, first) - first, std::min(end, last) - first, to + first);
    }
  });
  std::vector<int64_t> merged{0};
  for (size_t run = 0; run + 1 < bounds.size(); run += 2) {
    merged.push_back(bounds[std::min(run + 2, bounds.size() - 1)]);
  }
  bounds = std::move(merged);
}

}  // namespace tandem::backends::common
