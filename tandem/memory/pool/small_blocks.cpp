#include "tandem/memory/pool/small_blocks.h"

#include <algorithm>

#include "tandem/memory/points.h"

namespace tandem::memory {
namespace {

// How far into a list a block that needs no wait, or the preferred block, is looked for.
constexpr size_t kReadyDepth = 8;
constexpr size_t kPreferredDepth = 32;

constexpr size_t kSmallestChunk = size_t{64} << 10;
constexpr size_t kLargestChunk = size_t{2} << 20;

}  // namespace

size_t SmallBlocks::chunk_bytes(int index) {
  const size_t size = size_of_class(index);
  const size_t wanted = std::clamp(size * 16, kSmallestChunk, kLargestChunk);
  return wanted / size * size;
}

Block SmallBlocks::pop(List& list, size_t position, size_t size, uint16_t stream) {
  Free& chosen = list.free[position];
  Block block{chosen.data, size, {}};
  if (!chosen.pending.empty()) block.after = left_for(chosen.pending, stream, timeline_);
  if (position + 1 != list.free.size()) chosen = std::move(list.free.back());
  list.free.pop_back();
  return block;
}

std::optional<Block> SmallBlocks::cut(List& list, size_t size, uint16_t stream, bool may_wait) {
  if (list.chunks.empty()) return std::nullopt;
  Chunk& chunk = list.chunks.back();
  if (chunk.cut_end == chunk.data + chunk.bytes) return std::nullopt;
  if (!may_wait && !ready_for(chunk.pending, stream, timeline_)) return std::nullopt;
  const Block block{chunk.cut_end, size, left_for(chunk.pending, stream, timeline_)};
  chunk.cut_end += size;
  return block;
}

std::optional<Block> SmallBlocks::take(int index, uint16_t stream, const std::byte* preferred,
                                       bool may_wait) {
  List& list = lists_[static_cast<size_t>(index)];
  const size_t size = size_of_class(index);
  const size_t count = list.free.size();
  if (preferred != nullptr) {
    for (size_t depth = 0; depth < std::min(count, kPreferredDepth); ++depth) {
      const size_t position = count - 1 - depth;
      if (list.free[position].data == preferred) return pop(list, position, size, stream);
    }
  }
  for (size_t depth = 0; depth < std::min(count, kReadyDepth); ++depth) {
    const size_t position = count - 1 - depth;
    if (ready_for(list.free[position].pending, stream, timeline_)) {
      return pop(list, position, size, stream);
    }
  }
  // The longest freed are the likeliest to be ready.
  if (count > kReadyDepth && ready_for(list.free[0].pending, stream, timeline_)) {
    return pop(list, 0, size, stream);
  }
  if (std::optional<Block> block = cut(list, size, stream, may_wait)) return block;
  if (may_wait && count > 0) return pop(list, 0, size, stream);
  return std::nullopt;
}

void SmallBlocks::add_chunk(int index, SlabSpace::Range range) {
  List& list = lists_[static_cast<size_t>(index)];
  const size_t size = size_of_class(index);
  // What is left of the chunk in hand stays usable.
  if (!list.chunks.empty()) {
    Chunk& last = list.chunks.back();
    for (; last.cut_end != last.data + last.bytes; last.cut_end += size) {
      list.free.push_back({last.cut_end, last.pending});
    }
  }
  list.chunks.push_back({range.data, range.data, range.pending, range.size});
}

void SmallBlocks::give(int index, std::byte* data, std::span<const device::Point> last_uses) {
  std::vector<Free>& free = lists_[static_cast<size_t>(index)].free;
  free.push_back({data, {}});
  for (const device::Point point : last_uses) note(free.back().pending, point);
}

void SmallBlocks::reclaim() {
  for (int index = 0; index < kClassCount; ++index) {
    List& list = lists_[static_cast<size_t>(index)];
    if (!list.chunks.empty()) reclaim(list, size_of_class(index));
  }
}

void SmallBlocks::reclaim(List& list, size_t size) {
  struct Count {
    const Chunk* chunk;
    size_t free = 0;
    Points pending;
  };
  std::vector<Count> counts;
  for (const Chunk& chunk : list.chunks) counts.push_back({&chunk, 0, chunk.pending});
  const auto before = [](const Count& a, const Count& b) { return a.chunk->data < b.chunk->data; };
  std::sort(counts.begin(), counts.end(), before);
  const auto count_of = [&](const std::byte* data) -> Count& {
    return *std::prev(std::partition_point(counts.begin(), counts.end(),
                                           [&](const Count& c) { return c.chunk->data <= data; }));
  };
  for (const Free& free : list.free) {
    Count& count = count_of(free.data);
    ++count.free;
    for (const device::Point point : free.pending) note(count.pending, point);
  }
  const auto unused = [&](const Count& c) {
    return c.free * size == static_cast<size_t>(c.chunk->cut_end - c.chunk->data);
  };
  std::erase_if(list.free, [&](const Free& free) { return unused(count_of(free.data)); });
  std::vector<Chunk> kept;
  for (const Chunk& chunk : list.chunks) {
    const Count& count = count_of(chunk.data);
    if (unused(count)) {
      space_.give({chunk.data, chunk.bytes, count.pending});
    } else {
      kept.push_back(chunk);
    }
  }
  list.chunks = std::move(kept);
}

}  // namespace tandem::memory
