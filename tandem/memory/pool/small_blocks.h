// SmallBlocks: free lists of the small size classes, cut from chunks of a SlabSpace. Not
// thread-safe: its pool locks.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "tandem/memory/pool/pool.h"
#include "tandem/memory/pool/size_class.h"
#include "tandem/memory/pool/slab_space.h"

namespace tandem::memory {

class SmallBlocks {
 public:
  SmallBlocks(SlabSpace& space, const device::Timeline& timeline)
      : space_(space), timeline_(timeline) {}

  // A free block of the class: the preferred one, else the latest freed that is ready for `stream`,
  // else one never used. With `may_wait`, as a last resort, one that is not ready.
  std::optional<Block> take(int index, uint16_t stream, const std::byte* preferred, bool may_wait);

  // Cuts blocks of the class from a fresh range of chunk_bytes(index).
  void add_chunk(int index, SlabSpace::Range range);
  static size_t chunk_bytes(int index);

  void give(int index, std::byte* data, std::span<const device::Point> last_uses);

  // Hands the chunks without any block in use back to the space.
  void reclaim();

  // Calls f(point) for every Point that a free block remembers.
  template <class F>
  void for_each_pending(F&& f) const {
    for (const List& list : lists_) {
      for (const Free& free : list.free) {
        for (const device::Point point : free.pending) f(point);
      }
    }
  }

 private:
  struct Free {
    std::byte* data = nullptr;
    Points pending;
  };
  struct Chunk {
    std::byte* data = nullptr;
    std::byte* cut_end = nullptr;  // blocks up to here have been handed out once
    Points pending;                // of the range it was made from
    size_t bytes = 0;
  };
  struct List {
    std::vector<Free> free;
    std::vector<Chunk> chunks;  // the last one is being cut
  };

  Block pop(List& list, size_t position, size_t size, uint16_t stream);
  std::optional<Block> cut(List& list, size_t size, uint16_t stream, bool may_wait);
  void reclaim(List& list, size_t size);

  SlabSpace& space_;
  const device::Timeline& timeline_;
  std::array<List, kClassCount> lists_;
};

}  // namespace tandem::memory
