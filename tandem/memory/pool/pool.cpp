#include "tandem/memory/pool/pool.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "tandem/base/check.h"
#include "tandem/base/settings.h"
#include "tandem/memory/fault.h"
#include "tandem/memory/points.h"
#include "tandem/memory/pool/slab_space.h"
#include "tandem/memory/pool/small_blocks.h"

namespace tandem::memory {
namespace {

// Large blocks are whole pages; the pool grows by a quarter of what it has, between these bounds.
constexpr size_t kPage = 4096;
constexpr size_t kSmallestSlab = size_t{2} << 20;
constexpr size_t kLargestSlab = size_t{64} << 20;

constexpr size_t round_up(size_t bytes, size_t unit) { return (bytes + unit - 1) / unit * unit; }

// Sizes beyond this are refused before any rounding could overflow.
constexpr size_t kLargestRequest = ~size_t{0} >> 2;

void arm_faults_once() {
  static const bool armed = [] {
    const device::Fault fault = device::fault_of(settings().fault, device::FaultKind::pool);
    if (fault.first != 0) PoolFaults::instance().arm(fault);
    return true;
  }();
  static_cast<void>(armed);
}

}  // namespace

struct Pool::Impl {
  Impl(std::unique_ptr<Source> from, const device::Timeline& line, size_t limit)
      : source(std::move(from)),
        space(*source, line),
        small(space, line),
        timeline(line),
        cap(limit) {}

  Block allocate(size_t bytes, uint16_t stream, const std::byte* preferred);
  Block allocate_small(int index, uint16_t stream, const std::byte* preferred);
  Block allocate_large(size_t bytes, uint16_t stream, const std::byte* preferred);
  std::optional<SlabSpace::Range> find(size_t bytes, uint16_t stream, const std::byte* preferred);
  bool grow(size_t bytes);
  bool add_slab(size_t bytes);
  size_t trim(size_t keep);
  size_t cached() const { return space.source_bytes() - counts.active_bytes; }

  mutable std::mutex mutex;
  std::unique_ptr<Source> source;
  SlabSpace space;
  SmallBlocks small;
  const device::Timeline& timeline;
  size_t cap;
  size_t cache_limit = ~size_t{0};
  PoolStatistics counts;  // cached_bytes and source_bytes are filled in when asked for
};

bool Pool::Impl::add_slab(size_t bytes) {
  if (cap != 0 && (bytes > cap || space.source_bytes() > cap - bytes)) return false;
  ++counts.source_calls;
  return space.grow(bytes);
}

// One more slab that holds `bytes`: a generous one, else an exact one, else an exact one after all
// idle slabs have gone back to the source.
bool Pool::Impl::grow(size_t bytes) {
  const size_t unit = source->granularity();
  const size_t exact = round_up(bytes, unit);
  size_t generous =
      round_up(std::clamp(space.source_bytes() / 4, kSmallestSlab, kLargestSlab), unit);
  // A small cap becomes one slab rather than many that cannot merge.
  if (cap != 0)
    generous = std::min(generous, (cap - std::min(cap, space.source_bytes())) / unit * unit);
  if (generous > exact && add_slab(generous)) return true;
  if (add_slab(exact)) return true;
  return trim(0) > 0 && add_slab(exact);
}

// Memory the pool has, in order of price: ready, mergeable, to be waited for.
std::optional<SlabSpace::Range> Pool::Impl::find(size_t bytes, uint16_t stream,
                                                 const std::byte* preferred) {
  if (auto range = space.take(bytes, stream, preferred, true)) return range;
  if (cached() < bytes) return std::nullopt;
  small.reclaim();
  space.merge(true);
  return space.take(bytes, stream, nullptr, true);
}

Block Pool::Impl::allocate_large(size_t bytes, uint16_t stream, const std::byte* preferred) {
  std::optional<SlabSpace::Range> range = find(bytes, stream, preferred);
  const uint64_t calls = counts.source_calls;
  if (!range && grow(bytes)) range = space.take(bytes, stream, nullptr, false);
  if (!range) return {};
  if (counts.source_calls == calls) ++counts.reuses;
  return {range->data, range->size, left_for(range->pending, stream, timeline)};
}

Block Pool::Impl::allocate_small(int index, uint16_t stream, const std::byte* preferred) {
  std::optional<Block> block = small.take(index, stream, preferred, false);
  if (!block) {
    // Ready memory of the slabs comes before a block of the class that must be waited for.
    auto chunk = space.take(SmallBlocks::chunk_bytes(index), stream, nullptr, false);
    if (chunk) small.add_chunk(index, std::move(*chunk));
    block = small.take(index, stream, preferred, true);
  }
  if (block) {
    ++counts.reuses;
    return *std::move(block);
  }
  const uint64_t calls = counts.source_calls;
  auto chunk = find(SmallBlocks::chunk_bytes(index), stream, nullptr);
  if (!chunk && grow(SmallBlocks::chunk_bytes(index))) {
    chunk = space.take(SmallBlocks::chunk_bytes(index), stream, nullptr, false);
  }
  // Where not even a chunk can be had, a single block may.
  if (!chunk) chunk = find(size_of_class(index), stream, nullptr);
  if (!chunk && grow(size_of_class(index))) {
    chunk = space.take(size_of_class(index), stream, nullptr, false);
  }
  if (!chunk) return {};
  if (counts.source_calls == calls) ++counts.reuses;
  small.add_chunk(index, std::move(*chunk));
  return small.take(index, stream, nullptr, true).value();
}

Block Pool::Impl::allocate(size_t bytes, uint16_t stream, const std::byte* preferred) {
  ++counts.allocations;
  Block block;
  if (PoolFaults::instance().strikes() || bytes > kLargestRequest) {
    // refused
  } else if (bytes <= kLargestSmall) {
    block = allocate_small(class_of(bytes), stream, preferred);
  } else {
    block = allocate_large(round_up(bytes, kPage), stream, preferred);
  }
  if (block.data == nullptr) {
    ++counts.failures;
    return block;
  }
  counts.active_bytes += block.capacity;
  counts.peak_bytes = std::max(counts.peak_bytes, counts.active_bytes);
  return block;
}

size_t Pool::Impl::trim(size_t keep) {
  if (cached() <= keep) return 0;
  small.reclaim();
  space.merge(false);
  const size_t returned = space.shrink(cached() - keep);
  if (returned > 0) ++counts.trims;
  return returned;
}

Pool::Pool(std::unique_ptr<Source> source, const device::Timeline& timeline, size_t cap)
    : impl_(std::make_unique<Impl>(std::move(source), timeline, cap)) {
  arm_faults_once();
  if (settings().cache_limit > 0) impl_->cache_limit = static_cast<size_t>(settings().cache_limit);
}

Pool::~Pool() = default;

Block Pool::allocate(size_t bytes, uint16_t stream, const std::byte* preferred) {
  const std::lock_guard lock(impl_->mutex);
  return impl_->allocate(bytes, stream, preferred);
}

void Pool::release(std::byte* data, size_t capacity, std::span<const device::Point> last_uses) {
  const std::lock_guard lock(impl_->mutex);
  impl_->counts.active_bytes -= capacity;
  if (capacity <= kLargestSmall) {
    impl_->small.give(class_of(capacity), data, last_uses);
  } else {
    SlabSpace::Range range{data, capacity, {}};
    for (const device::Point point : last_uses) note(range.pending, point);
    impl_->space.give(std::move(range));
  }
  // Small blocks are only looked through when asked to: trimming needs a slab without any block.
  if (impl_->cached() > impl_->cache_limit && impl_->space.empty_bytes() > 0) {
    if (impl_->space.shrink(impl_->cached() - impl_->cache_limit) > 0) ++impl_->counts.trims;
  }
}

size_t Pool::trim(size_t keep) {
  const std::lock_guard lock(impl_->mutex);
  return impl_->trim(keep);
}

void Pool::set_cache_limit(size_t bytes) {
  const std::lock_guard lock(impl_->mutex);
  impl_->cache_limit = bytes;
  impl_->trim(bytes);
}

size_t Pool::cache_limit() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->cache_limit;
}

void Pool::set_cap(size_t bytes) {
  const std::lock_guard lock(impl_->mutex);
  impl_->cap = bytes;
  if (bytes != 0 && impl_->space.source_bytes() > bytes) {
    impl_->trim(bytes > impl_->counts.active_bytes ? bytes - impl_->counts.active_bytes : 0);
  }
}

size_t Pool::cap() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->cap;
}

Points Pool::pending() const {
  Points earliest;
  const auto note_earliest = [&](device::Point point) {
    if (impl_->timeline.reached(point)) return;
    for (device::Point& known : earliest) {
      if (known.stream() != point.stream()) continue;
      if (point.sequence() < known.sequence()) known = point;
      return;
    }
    earliest.push_back(point);
  };
  const std::lock_guard lock(impl_->mutex);
  impl_->space.for_each_pending(note_earliest);
  impl_->small.for_each_pending(note_earliest);
  return earliest;
}

PoolStatistics Pool::statistics() const {
  const std::lock_guard lock(impl_->mutex);
  PoolStatistics result = impl_->counts;
  result.cached_bytes = impl_->cached();
  result.source_bytes = impl_->space.source_bytes();
  return result;
}

void Pool::reset_peak() {
  const std::lock_guard lock(impl_->mutex);
  impl_->counts.peak_bytes = impl_->counts.active_bytes;
}

std::string_view Pool::name() const { return impl_->source->name(); }

}  // namespace tandem::memory
