// IntervalSet: a set of addresses as disjoint half-open intervals; for "which bytes were ever
// written".
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>

namespace tandem::backends::simulated {

class IntervalSet {
 public:
  void add(uintptr_t begin, uintptr_t end) {
    if (begin >= end) return;
    auto it = spans_.upper_bound(begin);
    if (it != spans_.begin() && std::prev(it)->second >= begin) {
      --it;
      begin = it->first;
    }
    while (it != spans_.end() && it->first <= end) {
      end = std::max(end, it->second);
      it = spans_.erase(it);
    }
    spans_.emplace(begin, end);
  }

  void remove(uintptr_t begin, uintptr_t end) {
    if (begin >= end) return;
    auto it = spans_.upper_bound(begin);
    if (it != spans_.begin()) --it;
    while (it != spans_.end() && it->first < end) {
      const auto [first, last] = *it;
      if (last <= begin) {
        ++it;
        continue;
      }
      it = spans_.erase(it);
      if (first < begin) spans_.emplace(first, begin);
      if (last > end) it = spans_.emplace(end, last).first;
    }
  }

  // The first address of [begin, end) that is not in the set; `end` when all are.
  uintptr_t first_gap(uintptr_t begin, uintptr_t end) const {
    auto it = spans_.upper_bound(begin);
    if (it == spans_.begin()) return begin;
    --it;
    return std::min(end, std::max(begin, it->second));
  }

  size_t pieces() const { return spans_.size(); }

 private:
  std::map<uintptr_t, uintptr_t> spans_;  // begin to end, none touching another
};

}  // namespace tandem::backends::simulated
