// Gathers of single elements: offsets in vectors, then loads.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tandem/backends/common/interpreter/tiles/gathers.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "tandem/backends/common/interpreter/tiles/carrier_headers.h"
#include "tandem/backends/common/interpreter/tiles/targets-inl.h"

#if TANDEM_TILE_TARGET
HWY_BEFORE_NAMESPACE();
#include "tandem/backends/common/interpreter/tiles/carrier.inc"
#include "tandem/backends/common/interpreter/tiles/tile_loop.inc"

namespace tandem::backends::common::interpreter {
namespace HWY_NAMESPACE {

constexpr int64_t kStep = 64;

// Offsets [begin, end) of the entries from `first` on.
HWY_INLINE void single_offsets(const GatherRow& row, int64_t first, int64_t begin, int64_t end,
                               int64_t* offsets) {
  for (int64_t i = begin; i < end; ++i) {
    int64_t entry = row.index[static_cast<size_t>(first + i) & row.mask];
    if (entry < 0) entry += row.extent;
    entry = entry < 0 ? 0 : (entry >= row.extent ? row.extent - 1 : entry);
    offsets[i] = entry * row.stride + (first + i) * row.column_stride;
  }
}

// Entries and strides of 32 bits take one multiplication.
template <bool has_stride>
HWY_INLINE void vector_offsets(const GatherRow& row, int64_t first, int64_t count,
                               int64_t* offsets) {
  const Tag<int64_t> d;
  const Tag<uint32_t> words;
  constexpr int64_t lanes = kLanes<int64_t>;
  const auto extent = hn::Set(d, row.extent);
  const auto last = hn::Set(d, row.extent - 1);
  const auto stride = hn::Set(d, row.stride);
  const auto step = hn::Set(d, row.column_stride * lanes);
  alignas(64) int64_t starts[lanes];
  for (int64_t i = 0; i < lanes; ++i) starts[i] = (first + i) * row.column_stride;
  auto column = hn::Load(d, starts);
  const int64_t* const index = row.mask == 0 ? row.index : row.index + first;
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto found = row.mask == 0 ? hn::Set(d, *index) : hn::LoadU(d, index + i);
    const auto wrapped = hn::IfThenElse(hn::Lt(found, hn::Zero(d)), hn::Add(found, extent), found);
    auto entry = hn::Min(hn::Max(wrapped, hn::Zero(d)), last);
    if constexpr (has_stride) {
      entry = hn::BitCast(d, hn::MulEven(hn::BitCast(words, entry), hn::BitCast(words, stride)));
    }
    hn::StoreU(hn::Add(entry, column), d, offsets + i);
    column = hn::Add(column, step);
  }
  single_offsets(row, first, i, count, offsets);
}

template <class T>
void gather(const GatherRow& row) {
  constexpr int64_t kWords = int64_t{1} << 32;
  const bool narrow = row.extent < kWords && row.stride >= 0 && row.stride < kWords;
  const auto* const memory = static_cast<const T*>(row.memory);
  auto* const out = static_cast<T*>(row.out);
  alignas(64) int64_t offsets[kStep];
  for (int64_t first = 0; first < row.count; first += kStep) {
    const int64_t count = std::min(kStep, row.count - first);
    const std::byte* const ahead = row.ahead + first / kStep * row.lines_ahead * 64;
    for (int64_t line = 0; line < row.lines_ahead; ++line) __builtin_prefetch(ahead + line * 64);
    if (row.stride == 1) {
      vector_offsets<false>(row, first, count, offsets);
    } else if (narrow) {
      vector_offsets<true>(row, first, count, offsets);
    } else {
      single_offsets(row, first, 0, count, offsets);
    }
    for (int64_t i = 0; i < count; ++i) out[first + i] = memory[offsets[i]];
  }
}

void add_gathers(TileTable& table) {
  table.gather = {gather<uint8_t>, gather<uint16_t>, gather<uint32_t>, gather<uint64_t>};
}

}  // namespace HWY_NAMESPACE
}  // namespace tandem::backends::common::interpreter
HWY_AFTER_NAMESPACE();
#endif

#if HWY_ONCE
namespace tandem::backends::common::interpreter {
TANDEM_EXPORT_TILES(add_gathers)
}  // namespace tandem::backends::common::interpreter
#endif
