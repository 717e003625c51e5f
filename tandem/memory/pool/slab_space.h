// SlabSpace: the slabs of a pool and their free ranges; best fit with splitting and coalescing. Not
// thread-safe: its pool locks. Ranges remember the Points after which they are idle.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "tandem/memory/pool/pool.h"

namespace tandem::memory {

class SlabSpace {
 public:
  struct Range {
    std::byte* data = nullptr;
    size_t size = 0;
    Points pending;
  };

  SlabSpace(Source& source, const device::Timeline& timeline)
      : source_(source), timeline_(timeline) {}
  ~SlabSpace();
  SlabSpace(const SlabSpace&) = delete;

  // A range of exactly `bytes`: `preferred` if that is free, else the best fit that is ready for
  // `stream`, else, when `may_wait`, the best fit.
  std::optional<Range> take(size_t bytes, uint16_t stream, const std::byte* preferred,
                            bool may_wait);
  void give(Range range);

  // Merges neighbours that wait for the same streams; `always`: whatever they wait for.
  void merge(bool always);

  // Asks the source for one more slab of `bytes`, a multiple of its granularity.
  bool grow(size_t bytes);

  // Returns idle slabs to the source until `bytes` have been returned or none is left.
  size_t shrink(size_t bytes);

  // Calls f(point) for every Point that a free range remembers.
  template <class F>
  void for_each_pending(F&& f) const {
    for (const auto& [data, free] : free_) {
      for (const device::Point point : free.pending) f(point);
    }
  }

  size_t source_bytes() const { return source_bytes_; }
  // Bytes of slabs without any block; what shrink can give at most.
  size_t empty_bytes() const { return empty_bytes_; }

 private:
  struct Free {
    size_t size = 0;
    std::byte* slab = nullptr;
    Points pending;
  };
  using FreeMap = std::map<std::byte*, Free>;

  FreeMap::iterator insert(std::byte* data, Free free);
  void erase(FreeMap::iterator it);
  Range cut(FreeMap::iterator it, size_t offset, size_t bytes);
  FreeMap::iterator covering(const std::byte* data);
  bool same_streams(const Points& a, const Points& b) const;
  FreeMap::iterator merge_next(FreeMap::iterator it, bool always);
  bool is_slab(std::byte* data, size_t size) const;

  Source& source_;
  const device::Timeline& timeline_;
  FreeMap free_;
  std::set<std::pair<size_t, std::byte*>> by_size_;
  std::map<std::byte*, size_t> slabs_;
  size_t source_bytes_ = 0;
  size_t empty_bytes_ = 0;
};

}  // namespace tandem::memory
