// Scans of one chunk in the order of kernel/ir.h: along a tile, and down the rows of tiles.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tandem/backends/common/interpreter/tiles/scan_kernels.cpp"
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

using kernel::Reduction;
using kernel::Type;

// The last w lanes of `before`, then all but the last w of `now`.
template <size_t w, class T>
HWY_INLINE Vec<T> shifted(Vec<T> before, Vec<T> now) {
  using V = hn::Vec<Tag<T>>;
  const Tag<uint8_t> bytes;
  const auto a = hn::BitCast(bytes, before.v).raw;
  const auto b = hn::BitCast(bytes, now.v).raw;
  constexpr size_t size = w * sizeof(T);
  static_cast<void>(size);
#if HWY_TARGET == HWY_AVX3
  const auto result = hn::Vec<Tag<uint8_t>>{_mm512_alignr_epi32(b, a, 16 - size / 4)};
  return {V{hn::BitCast(Tag<T>(), result)}};
#elif HWY_TARGET == HWY_AVX2
  const __m256i middle = _mm256_permute2x128_si256(a, b, 0x21);
  __m256i result = middle;
  if constexpr (size < 16) result = _mm256_alignr_epi8(b, middle, 16 - size);
  return {V{hn::BitCast(Tag<T>(), hn::Vec<Tag<uint8_t>>{result})}};
#else
  static_cast<void>(a);
  static_cast<void>(b);
  constexpr size_t n = kLanes<T>;
  alignas(64) T lanes[2 * n];
  hn::Store(before.v, Tag<T>(), lanes);
  hn::Store(now.v, Tag<T>(), lanes + n);
  return {V{hn::LoadU(Tag<T>(), lanes + n - w)}};
#endif
}

template <class T>
HWY_INLINE Vec<T> last_lane(Vec<T> v) {
  const Tag<uint32_t> d;
  alignas(64) int32_t indices[kLanes<uint32_t>];
  constexpr size_t words = sizeof(T) / 4;
  for (size_t i = 0; i < kLanes<uint32_t>; ++i) {
    indices[i] = static_cast<int32_t>(kLanes<uint32_t> - words + i % words);
  }
  const auto moved = hn::TableLookupLanes(hn::BitCast(d, v.v), hn::SetTableIndices(d, indices));
  return {hn::BitCast(Tag<T>(), moved)};
}

// One step of a block of 32: x[i] = x[i-w] op x[i] where i >= w.
template <size_t w, class F, class T, size_t n>
HWY_INLINE void scan_step(std::array<Vec<T>, n>& x) {
  constexpr size_t lanes = kLanes<T>;
  if constexpr (w < lanes) {
    const Vec<T> first = F{}(shifted<w>(x[0], x[0]), x[0]);
    for (size_t v = n - 1; v > 0; --v) x[v] = F{}(shifted<w>(x[v - 1], x[v]), x[v]);
    x[0] = {hn::IfThenElse(hn::FirstN(Tag<T>(), w), x[0].v, first.v)};
  } else {
    constexpr size_t distance = w / lanes;
    for (size_t v = n - 1; v >= distance; --v) x[v] = F{}(x[v - distance], x[v]);
  }
}

template <class T, class F>
uint64_t scan_tile(const ScanTile& tile) {
  constexpr size_t lanes = kLanes<T>;
  constexpr size_t n = kScanBlock / lanes;
  const Tag<T> d;
  const auto* const in = static_cast<const T*>(tile.in);
  auto* const out = static_cast<T*>(tile.out);
  const auto splatted = [&](uint64_t element) HWY_ATTR {
    T value;
    std::memcpy(&value, &element, sizeof value);
    return Vec<T>{hn::Set(d, value)};
  };
  const bool carries = tile.carry != nullptr;
  const Vec<T> carry = splatted(carries ? *tile.carry : 0);
  Vec<T> before = splatted(tile.first);  // what an exclusive scan has ahead of the next vector
  Vec<T> block = carry;                  // last value of the block before
  alignas(64) T last[kScanBlock];
  std::array<Vec<T>, n> x;
  for (size_t i = 0; i < tile.count; i += kScanBlock) {
    for (size_t v = 0; v < n; ++v) x[v] = {hn::LoadU(d, in + i + v * lanes)};
    scan_step<1, F>(x);
    scan_step<2, F>(x);
    scan_step<4, F>(x);
    scan_step<8, F>(x);
    scan_step<16, F>(x);
    if (i > 0) {
      for (size_t v = 0; v < n; ++v) x[v] = F{}(block, x[v]);
    }
    block = last_lane(x[n - 1]);
    if (carries) {
      for (size_t v = 0; v < n; ++v) x[v] = F{}(carry, x[v]);
    }
    if (i + kScanBlock >= tile.count) {
      for (size_t v = 0; v < n; ++v) hn::Store(x[v].v, d, last + v * lanes);
    }
    for (size_t v = 0; v < n; ++v) {
      const Vec<T> written = tile.exclusive ? shifted<1>(before, x[v]) : x[v];
      before = x[v];
      hn::StoreU(written.v, d, out + i + v * lanes);
    }
  }
  uint64_t result = 0;
  std::memcpy(&result, &last[(tile.count - 1) % kScanBlock], sizeof(T));
  return result;
}

// One row of a block: level l holds the values before step w = 2^l of the w rows before.
template <size_t level, class F, class T>
HWY_INLINE Vec<T> scan_level(Vec<T> x, T* history, size_t i, size_t width) {
  constexpr size_t w = size_t{1} << level;
  if constexpr (w == kScanBlock) {
    return x;
  } else {
    const Tag<T> d;
    T* const at = history + (w - 1 + i % w) * width;
    const Vec<T> older = {hn::Load(d, at)};
    hn::Store(x.v, d, at);
    const Vec<T> next = i >= w ? F{}(older, x) : x;
    return scan_level<level + 1, F>(next, history, i, width);
  }
}

template <class T, class F>
void scan_rows(const ScanRows& rows) {
  constexpr size_t lanes = kLanes<T>;
  const Tag<T> d;
  const size_t width = rows.width;
  auto* const history = static_cast<T*>(rows.history);
  T* const block = history + (kScanBlock - 1) * width;
  T* const chunk = block + width;
  T* const before = chunk + width;
  for (int64_t r = 0; r < rows.count; ++r) {
    const int64_t row = (rows.reverse ? rows.count - 1 - r : r) * static_cast<int64_t>(width);
    const auto* const in = static_cast<const T*>(rows.in) + row;
    auto* const out = static_cast<T*>(rows.out) + row;
    const int64_t j = rows.position + r;
    const auto i = static_cast<size_t>(j) % kScanBlock;
    const bool has_block = j % kTile >= static_cast<int64_t>(kScanBlock);
    const bool ends_block = i == kScanBlock - 1;
    for (size_t c = 0; c < width; c += lanes) {
      Vec<T> x = scan_level<0, F>(Vec<T>{hn::LoadU(d, in + c)}, history + c, i, width);
      if (has_block) x = F{}(Vec<T>{hn::Load(d, block + c)}, x);
      if (ends_block) hn::Store(x.v, d, block + c);
      if (j >= kTile) x = F{}(Vec<T>{hn::Load(d, chunk + c)}, x);
      if (j % kTile == kTile - 1) hn::Store(x.v, d, chunk + c);
      if (rows.exclusive) {
        const Vec<T> written = {hn::Load(d, before + c)};
        hn::Store(x.v, d, before + c);
        hn::StoreU(written.v, d, out + c);
      } else {
        hn::StoreU(x.v, d, out + c);
      }
    }
  }
}

template <class T>
void reverse_tile(void* to, const void* from, size_t n) {
  const Tag<T> d;
  constexpr size_t lanes = kLanes<T>;
  auto* const out = static_cast<T*>(to);
  const auto* const in = static_cast<const T*>(from);
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    hn::StoreU(hn::Reverse(d, hn::LoadU(d, in + n - i - lanes)), d, out + i);
  }
  for (; i < n; ++i) out[i] = in[n - 1 - i];
}

template <class T, class F>
ScanFunctions scan_functions(F) {
  return {[](const ScanTile& tile) HWY_ATTR { return scan_tile<T, F>(tile); },
          [](const ScanRows& rows) HWY_ATTR { scan_rows<T, F>(rows); }};
}

template <class T>
void add_number_scans(TileTable& table, Type type) {
  const auto set = [&](Reduction reduction, ScanFunctions functions) {
    table.scan[static_cast<size_t>(reduction)][static_cast<size_t>(type)] = functions;
  };
  set(Reduction::sum, scan_functions<T>([](auto x, auto y) HWY_ATTR { return x + y; }));
  set(Reduction::prod, scan_functions<T>([](auto x, auto y) HWY_ATTR { return x * y; }));
}
template <class T>
void add_order_scans(TileTable& table, Type type, bool is_unsigned) {
  const auto set = [&](Reduction reduction, ScanFunctions functions) {
    auto& all = is_unsigned ? table.scan_unsigned : table.scan;
    all[static_cast<size_t>(reduction)][static_cast<size_t>(type)] = functions;
  };
  set(Reduction::min, scan_functions<T>([](auto x, auto y) HWY_ATTR { return min(x, y); }));
  set(Reduction::max, scan_functions<T>([](auto x, auto y) HWY_ATTR { return max(x, y); }));
}

void add_scans(TileTable& table) {
  add_number_scans<float>(table, Type::f32);
  add_number_scans<double>(table, Type::f64);
  add_number_scans<int32_t>(table, Type::i32);
  add_number_scans<int64_t>(table, Type::i64);
  add_order_scans<float>(table, Type::f32, false);
  add_order_scans<double>(table, Type::f64, false);
  add_order_scans<int32_t>(table, Type::i32, false);
  add_order_scans<int64_t>(table, Type::i64, false);
  add_order_scans<uint32_t>(table, Type::i32, true);
  add_order_scans<uint64_t>(table, Type::i64, true);
  const auto b1 = static_cast<size_t>(Type::b1);
  table.scan[static_cast<size_t>(Reduction::all)][b1] =
      scan_functions<int32_t>([](auto x, auto y) HWY_ATTR { return x & y; });
  table.scan[static_cast<size_t>(Reduction::any)][b1] =
      scan_functions<int32_t>([](auto x, auto y) HWY_ATTR { return x | y; });
  table.reverse = {reverse_tile<uint32_t>, reverse_tile<uint64_t>};
}

}  // namespace HWY_NAMESPACE
}  // namespace tandem::backends::common::interpreter
HWY_AFTER_NAMESPACE();
#endif

#if HWY_ONCE
namespace tandem::backends::common::interpreter {
TANDEM_EXPORT_TILES(add_scans)
}  // namespace tandem::backends::common::interpreter
#endif
