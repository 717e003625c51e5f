#include "tandem/memory/pool/slab_space.h"

#include <algorithm>

#include "tandem/base/check.h"
#include "tandem/memory/points.h"

namespace tandem::memory {
namespace {

// How many fits are looked at for one that needs no wait.
constexpr int kFitsTried = 16;

}  // namespace

SlabSpace::~SlabSpace() {
  for (const auto& [data, size] : slabs_) source_.release(data, size);
}

bool SlabSpace::is_slab(std::byte* data, size_t size) const {
  const auto slab = slabs_.find(data);
  return slab != slabs_.end() && slab->second == size;
}

SlabSpace::FreeMap::iterator SlabSpace::insert(std::byte* data, Free free) {
  by_size_.emplace(free.size, data);
  if (is_slab(data, free.size)) empty_bytes_ += free.size;
  return free_.emplace(data, std::move(free)).first;
}

void SlabSpace::erase(FreeMap::iterator it) {
  if (is_slab(it->first, it->second.size)) empty_bytes_ -= it->second.size;
  by_size_.erase({it->second.size, it->first});
  free_.erase(it);
}

SlabSpace::Range SlabSpace::cut(FreeMap::iterator it, size_t offset, size_t bytes) {
  std::byte* const data = it->first;
  const Free free = it->second;
  erase(it);
  if (offset > 0) insert(data, {offset, free.slab, free.pending});
  const size_t rest = free.size - offset - bytes;
  if (rest > 0) insert(data + offset + bytes, {rest, free.slab, free.pending});
  return {data + offset, bytes, free.pending};
}

SlabSpace::FreeMap::iterator SlabSpace::covering(const std::byte* data) {
  auto it = free_.upper_bound(const_cast<std::byte*>(data));
  if (it == free_.begin()) return free_.end();
  --it;
  return data < it->first + it->second.size ? it : free_.end();
}

std::optional<SlabSpace::Range> SlabSpace::take(size_t bytes, uint16_t stream,
                                                const std::byte* preferred, bool may_wait) {
  if (preferred != nullptr) {
    const auto it = covering(preferred);
    if (it != free_.end()) {
      const auto offset = static_cast<size_t>(preferred - it->first);
      if (it->second.size - offset >= bytes) return cut(it, offset, bytes);
    }
  }
  const auto best = by_size_.lower_bound({bytes, nullptr});
  auto fit = best;
  for (int tried = 0; tried < kFitsTried && fit != by_size_.end(); ++tried, ++fit) {
    const auto it = free_.find(fit->second);
    if (ready_for(it->second.pending, stream, timeline_)) return cut(it, 0, bytes);
  }
  if (!may_wait || best == by_size_.end()) return std::nullopt;
  return cut(free_.find(best->second), 0, bytes);
}

// Merged ranges wait for the uses of both, so ranges of different streams stay apart until memory
// is short.
bool SlabSpace::same_streams(const Points& a, const Points& b) const {
  const auto waits_on = [&](const Points& points, uint16_t stream) {
    return std::any_of(points.begin(), points.end(), [&](device::Point p) {
      return p.stream() == stream && !timeline_.reached(p);
    });
  };
  const auto within = [&](const Points& x, const Points& y) {
    return std::all_of(x.begin(), x.end(), [&](device::Point p) {
      return timeline_.reached(p) || waits_on(y, p.stream());
    });
  };
  return within(a, b) && within(b, a);
}

SlabSpace::FreeMap::iterator SlabSpace::merge_next(FreeMap::iterator it, bool always) {
  const auto next = std::next(it);
  if (next == free_.end() || next->second.slab != it->second.slab ||
      it->first + it->second.size != next->first) {
    return it;
  }
  if (!always && !same_streams(it->second.pending, next->second.pending)) return it;
  Free merged{it->second.size + next->second.size, it->second.slab, {}};
  for (const Points& points : {it->second.pending, next->second.pending}) {
    for (const device::Point point : points) {
      if (!timeline_.reached(point)) note(merged.pending, point);
    }
  }
  std::byte* const data = it->first;
  erase(next);
  erase(it);
  return insert(data, std::move(merged));
}

void SlabSpace::give(Range range) {
  const auto slab = std::prev(slabs_.upper_bound(range.data));
  TANDEM_DEBUG_CHECK(range.data + range.size <= slab->first + slab->second,
                     "a block of {} bytes does not lie in its slab", range.size);
  const auto it = merge_next(insert(range.data, {range.size, slab->first, range.pending}), false);
  if (it != free_.begin()) merge_next(std::prev(it), false);
}

void SlabSpace::merge(bool always) {
  for (auto it = free_.begin(); it != free_.end();) {
    std::byte* const data = it->first;
    const size_t size = it->second.size;
    it = merge_next(it, always);
    if (it->first == data && it->second.size == size) ++it;
  }
}

bool SlabSpace::grow(size_t bytes) {
  auto* const data = static_cast<std::byte*>(source_.allocate(bytes));
  if (data == nullptr) return false;
  slabs_.emplace(data, bytes);
  source_bytes_ += bytes;
  insert(data, {bytes, data, {}});
  return true;
}

size_t SlabSpace::shrink(size_t bytes) {
  size_t returned = 0;
  for (auto it = slabs_.begin(); it != slabs_.end() && returned < bytes;) {
    const auto free = free_.find(it->first);
    if (free == free_.end() || free->second.size != it->second ||
        !all_reached(free->second.pending, timeline_)) {
      ++it;
      continue;
    }
    const auto [data, size] = *it;
    erase(free);
    it = slabs_.erase(it);
    source_.release(data, size);
    source_bytes_ -= size;
    returned += size;
  }
  return returned;
}

}  // namespace tandem::memory
