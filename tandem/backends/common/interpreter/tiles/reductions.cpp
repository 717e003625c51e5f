// Folds of one chunk with the 64 accumulators of kernel/ir.h, and the position of its extreme.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tandem/backends/common/interpreter/tiles/reductions.cpp"
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

// Lane i of the result is lane i + distance of v; the upper lanes are of no use.
template <class T>
HWY_INLINE Vec<T> down(Vec<T> v, size_t distance) {
  const Tag<uint32_t> d;
  constexpr size_t n = kLanes<uint32_t>;
  alignas(64) int32_t indices[n];
  const size_t words = distance * sizeof(T) / 4;
  for (size_t i = 0; i < n; ++i) indices[i] = static_cast<int32_t>((i + words) % n);
  const auto moved = hn::TableLookupLanes(hn::BitCast(d, v.v), hn::SetTableIndices(d, indices));
  return {hn::BitCast(Tag<T>(), moved)};
}

template <class T, class F>
ChunkFunction chunk_function(F) {
  return [](const void* tile, size_t n, void* result) HWY_ATTR {
    constexpr size_t lanes = kLanes<T>;
    constexpr size_t vectors = kGroup / lanes;
    const auto* const in = static_cast<const T*>(tile);
    std::array<Vec<T>, vectors> sum;
    for (size_t v = 0; v < vectors; ++v) sum[v] = {hn::LoadU(Tag<T>(), in + v * lanes)};
    for (size_t i = kGroup; i < n; i += kGroup) {
      for (size_t v = 0; v < vectors; ++v) {
        sum[v] = F{}(sum[v], Vec<T>{hn::LoadU(Tag<T>(), in + i + v * lanes)});
      }
    }
    for (size_t w = vectors / 2; w > 0; w /= 2) {
      for (size_t v = 0; v < w; ++v) sum[v] = F{}(sum[v], sum[v + w]);
    }
    Vec<T> last = sum[0];
    for (size_t w = lanes / 2; w > 0; w /= 2) last = F{}(last, down(last, w));
    const T value = hn::GetLane(last.v);
    std::memcpy(result, &value, sizeof value);
  };
}

template <class T>
bool better(T x, T y, bool largest) {
  if (x != x || y != y) return x != x && y == y;
  return largest ? x > y : x < y;
}

// The extreme first, then where it first is.
template <class T, bool largest>
int64_t first_extreme(const void* tile, size_t n) {
  const Tag<T> d;
  const auto* const in = static_cast<const T*>(tile);
  constexpr size_t lanes = kLanes<T>;
  T best = in[0];
  size_t i = 0;
  if (n >= lanes) {
    Vec<T> extreme = {hn::LoadU(d, in)};
    for (i = lanes; i + lanes <= n; i += lanes) {
      const Vec<T> next = {hn::LoadU(d, in + i)};
      extreme = largest ? max(extreme, next) : min(extreme, next);
    }
    alignas(64) T lane[lanes];
    hn::Store(extreme.v, d, lane);
    for (size_t k = 0; k < lanes; ++k) {
      if (better(lane[k], best, largest)) best = lane[k];
    }
  }
  for (; i < n; ++i) {
    if (better(in[i], best, largest)) best = in[i];
  }
  const Vec<T> wanted = {hn::Set(d, best)};
  for (i = 0; i + lanes <= n; i += lanes) {
    const Vec<T> next = {hn::LoadU(d, in + i)};
    auto found = next == wanted;
    if constexpr (std::is_floating_point_v<T>) found = found | (is_nan(next) & is_nan(wanted));
    const intptr_t at = hn::FindFirstTrue(d, mask_for<T>(found));
    if (at >= 0) return static_cast<int64_t>(i) + at;
  }
  while (!(in[i] == best || (best != best && in[i] != in[i]))) ++i;
  return static_cast<int64_t>(i);
}

template <class T>
void add_numbers(TileTable& table, Type type) {
  const auto set = [&](Reduction reduction, ChunkFunction function) {
    table.chunk[static_cast<size_t>(reduction)][static_cast<size_t>(type)] = function;
  };
  set(Reduction::sum, chunk_function<T>([](auto x, auto y) HWY_ATTR { return x + y; }));
  set(Reduction::prod, chunk_function<T>([](auto x, auto y) HWY_ATTR { return x * y; }));
}
template <class T>
void add_order(TileTable& table, Type type, bool is_unsigned) {
  const auto set = [&](Reduction reduction, ChunkFunction function) {
    auto& functions = is_unsigned ? table.chunk_unsigned : table.chunk;
    functions[static_cast<size_t>(reduction)][static_cast<size_t>(type)] = function;
  };
  set(Reduction::min, chunk_function<T>([](auto x, auto y) HWY_ATTR { return min(x, y); }));
  set(Reduction::max, chunk_function<T>([](auto x, auto y) HWY_ATTR { return max(x, y); }));
  const auto t = static_cast<size_t>(type);
  table.arg[0][is_unsigned ? 1 : 0][t] = first_extreme<T, false>;
  table.arg[1][is_unsigned ? 1 : 0][t] = first_extreme<T, true>;
}

void add_reductions(TileTable& table) {
  add_numbers<float>(table, Type::f32);
  add_numbers<double>(table, Type::f64);
  add_numbers<int32_t>(table, Type::i32);
  add_numbers<int64_t>(table, Type::i64);
  add_order<float>(table, Type::f32, false);
  add_order<double>(table, Type::f64, false);
  add_order<int32_t>(table, Type::i32, false);
  add_order<int64_t>(table, Type::i64, false);
  add_order<uint32_t>(table, Type::i32, true);
  add_order<uint64_t>(table, Type::i64, true);
  const auto b1 = static_cast<size_t>(Type::b1);
  table.chunk[static_cast<size_t>(Reduction::all)][b1] =
      chunk_function<int32_t>([](auto x, auto y) HWY_ATTR { return x & y; });
  table.chunk[static_cast<size_t>(Reduction::any)][b1] =
      chunk_function<int32_t>([](auto x, auto y) HWY_ATTR { return x | y; });
}

}  // namespace HWY_NAMESPACE
}  // namespace tandem::backends::common::interpreter
HWY_AFTER_NAMESPACE();
#endif

#if HWY_ONCE
namespace tandem::backends::common::interpreter {
TANDEM_EXPORT_TILES(add_reductions)
}  // namespace tandem::backends::common::interpreter
#endif
