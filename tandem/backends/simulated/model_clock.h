// The model clock: how long work takes on the GPU that is modelled, and when it runs there. Times
// are nanoseconds since the machine was made; they depend on the order of submission alone, never
// on real time.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>

namespace tandem::backends::simulated {

// The modelled device. A link copies in each direction at its own bandwidth.
struct Model {
  double link_bytes_per_second = 16e9;
  double latency_seconds = 10e-6;  // of each launch, copy and fill
  double memory_bytes_per_second = 400e9;
  double flops_per_second = 10e12;

  int64_t copy_ns(double bytes) const {
    return nanoseconds(latency_seconds + bytes / link_bytes_per_second);
  }
  // Bound by its memory traffic or by its arithmetic, whichever takes longer.
  int64_t kernel_ns(double bytes, double flops) const {
    return nanoseconds(latency_seconds +
                       std::max(bytes / memory_bytes_per_second, flops / flops_per_second));
  }

 private:
  static int64_t nanoseconds(double seconds) {
    return static_cast<int64_t>(std::llround(seconds * 1e9));
  }
};

// The busy times of one engine (compute, copy in, copy out), which does one thing at a time.
class EngineCalendar {
 public:
  // Books the first gap of `duration` that starts no sooner than `earliest`; returns its start.
  int64_t place(int64_t earliest, int64_t duration) {
    int64_t start = earliest;
    auto it = busy_.upper_bound(start);
    if (it != busy_.begin()) start = std::max(start, std::prev(it)->second);
    while (it != busy_.end() && it->first < start + duration) {
      start = std::max(start, it->second);
      ++it;
    }
    book(start, start + duration);
    return start;
  }

  int64_t last_end() const { return busy_.empty() ? 0 : std::prev(busy_.end())->second; }

 private:
  void book(int64_t begin, int64_t end) {
    if (begin == end) return;
    const auto after = busy_.find(end);
    if (after != busy_.end()) {
      end = after->second;
      busy_.erase(after);
    }
    const auto next = busy_.lower_bound(begin);
    if (next != busy_.begin() && std::prev(next)->second == begin) {
      std::prev(next)->second = end;
    } else {
      busy_.emplace(begin, end);
    }
    // Old gaps are given up, so that booking stays cheap however long a program runs.
    while (busy_.size() > kMostGaps) {
      const auto second = std::next(busy_.begin());
      busy_.begin()->second = second->second;
      busy_.erase(second);
    }
  }

  static constexpr size_t kMostGaps = 256;
  std::map<int64_t, int64_t> busy_;  // begin to end
};

}  // namespace tandem::backends::simulated
