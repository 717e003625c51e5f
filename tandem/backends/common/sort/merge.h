// Merging of sorted runs by many threads: each takes a part of the result that it finds by
// bisection.
#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>
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

// Two sorted ranges on their way into one; both are consumed from the front.
template <class Key>
struct Merge {
  const Key* a = nullptr;
  const Key* a_end = nullptr;
  const Key* b = nullptr;
  const Key* b_end = nullptr;
  Key* out = nullptr;

  // The next key, without branches on the keys, which are in random order.
  void step() {
    const Key left = *a, right = *b;
    const auto from_b = static_cast<int64_t>(right < left);
    if constexpr (std::is_integral_v<Key>) {
      const auto chosen = static_cast<Key>(-from_b);
      *out++ = static_cast<Key>(left ^ ((left ^ right) & chosen));
    } else {
      *out++ = *(from_b != 0 ? b : a);
    }
    a += 1 - from_b;
    b += from_b;
  }
  // Steps during which neither range can end.
  int64_t safe_steps() const { return std::min(a_end - a, b_end - b); }
  void finish() {
    while (a < a_end && b < b_end) step();
    std::copy(b, b_end, std::copy(a, a_end, out));
  }
};

// Keys [begin, end) of the result of merging a and b. A step waits for the one before it, so several
// parts of the result are made in turns.
template <class Key>
void merge_part(const Key* a, int64_t a_count, const Key* b, int64_t b_count, int64_t begin,
                int64_t end, Key* out) {
  constexpr int64_t kParts = 4;
  constexpr int64_t kFewSteps = 8;
  Merge<Key> parts[kParts];
  int64_t at = begin, i = split_of(a, a_count, b, b_count, begin);
  for (int64_t p = 0; p < kParts; ++p) {
    const int64_t next = begin + (end - begin) * (p + 1) / kParts;
    const int64_t next_i = split_of(a, a_count, b, b_count, next);
    parts[p] = {a + i, a + next_i, b + (at - i), b + (next - next_i), out + at};
    at = next;
    i = next_i;
  }
  for (;;) {
    int64_t steps = end - begin;
    for (const Merge<Key>& part : parts) steps = std::min(steps, part.safe_steps());
    if (steps < kFewSteps) break;
    Merge<Key> m0 = parts[0], m1 = parts[1], m2 = parts[2], m3 = parts[3];
    for (int64_t step = 0; step < steps; ++step) {
      m0.step();
      m1.step();
      m2.step();
      m3.step();
    }
    parts[0] = m0;
    parts[1] = m1;
    parts[2] = m2;
    parts[3] = m3;
  }
  for (Merge<Key>& part : parts) part.finish();
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
