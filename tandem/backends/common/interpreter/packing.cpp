// Packs strided memory into contiguous tiles and back, by element size.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tandem/backends/common/interpreter/packing.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "tandem/backends/common/interpreter/carrier_headers.h"
#include "tandem/backends/common/interpreter/targets-inl.h"

#if TANDEM_TILE_TARGET
HWY_BEFORE_NAMESPACE();
#include "tandem/backends/common/interpreter/carrier.inc"
#include "tandem/backends/common/interpreter/tile_loop.inc"

namespace tandem::backends::common::interpreter {
namespace HWY_NAMESPACE {

// 4-byte elements, 4 x 4 at a time: rows of the packed side are columns of memory.
HWY_INLINE void transpose_4x4(const uint32_t* from, int64_t from_step, uint32_t* to,
                              int64_t to_step) {
  const hn::FixedTag<uint32_t, 4> d;
  const hn::FixedTag<uint64_t, 2> dw;
  const auto a = hn::LoadU(d, from);
  const auto b = hn::LoadU(d, from + from_step);
  const auto c = hn::LoadU(d, from + 2 * from_step);
  const auto e = hn::LoadU(d, from + 3 * from_step);
  const auto ab_low = hn::BitCast(dw, hn::InterleaveLower(d, a, b));
  const auto ab_high = hn::BitCast(dw, hn::InterleaveUpper(d, a, b));
  const auto ce_low = hn::BitCast(dw, hn::InterleaveLower(d, c, e));
  const auto ce_high = hn::BitCast(dw, hn::InterleaveUpper(d, c, e));
  hn::StoreU(hn::BitCast(d, hn::InterleaveLower(dw, ab_low, ce_low)), d, to);
  hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(dw, ab_low, ce_low)), d, to + to_step);
  hn::StoreU(hn::BitCast(d, hn::InterleaveLower(dw, ab_high, ce_high)), d, to + 2 * to_step);
  hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(dw, ab_high, ce_high)), d, to + 3 * to_step);
}

// to[r * to_step + c] = from[c * from_step + r]
template <class T>
void transpose(const T* from, int64_t from_step, T* to, int64_t to_step, int64_t rows,
               int64_t columns) {
  int64_t c = 0;
  if constexpr (sizeof(T) == 4) {
    for (; c + 4 <= columns; c += 4) {
      int64_t r = 0;
      for (; r + 4 <= rows; r += 4) {
        transpose_4x4(from + c * from_step + r, from_step, to + r * to_step + c, to_step);
      }
      for (; r < rows; ++r) {
        for (int64_t k = c; k < c + 4; ++k) to[r * to_step + k] = from[k * from_step + r];
      }
    }
  }
  for (; c < columns; ++c) {
    for (int64_t r = 0; r < rows; ++r) to[r * to_step + c] = from[c * from_step + r];
  }
}

template <class T>
void pack(void* packed, int64_t pitch, const void* memory, int64_t rows, int64_t columns,
          int64_t row_stride, int64_t column_stride) {
  auto* to = static_cast<T*>(packed);
  const auto* from = static_cast<const T*>(memory);
  if (column_stride == 1) {
    const size_t bytes = static_cast<size_t>(columns) * sizeof(T);
    for (int64_t r = 0; r < rows; ++r) std::memcpy(to + r * pitch, from + r * row_stride, bytes);
  } else if (row_stride == 1 && column_stride != 0) {
    transpose(from, column_stride, to, pitch, rows, columns);
  } else if (column_stride == 0) {
    for (int64_t r = 0; r < rows; ++r) std::fill_n(to + r * pitch, columns, from[r * row_stride]);
  } else {
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t c = 0; c < columns; ++c) {
        to[r * pitch + c] = from[r * row_stride + c * column_stride];
      }
    }
  }
}

template <class T>
void unpack(void* memory, const void* packed, int64_t pitch, int64_t rows, int64_t columns,
            int64_t row_stride, int64_t column_stride) {
  auto* to = static_cast<T*>(memory);
  const auto* from = static_cast<const T*>(packed);
  if (column_stride == 1) {
    const size_t bytes = static_cast<size_t>(columns) * sizeof(T);
    for (int64_t r = 0; r < rows; ++r) std::memcpy(to + r * row_stride, from + r * pitch, bytes);
  } else if (row_stride == 1) {
    transpose(from, pitch, to, column_stride, columns, rows);
  } else {
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t c = 0; c < columns; ++c) {
        to[r * row_stride + c * column_stride] = from[r * pitch + c];
      }
    }
  }
}

void stream(void* to, const void* from, size_t n) {
  const Tag<uint8_t> d;
  auto* out = static_cast<uint8_t*>(to);
  const auto* in = static_cast<const uint8_t*>(from);
  for (size_t i = 0; i < n; i += kLanes<uint8_t>) {
    hn::Stream(hn::LoadU(d, in + i), d, out + i);
  }
}

void add_packing(TileTable& table) {
  table.pack = {pack<uint8_t>, pack<uint16_t>, pack<uint32_t>, pack<uint64_t>};
  table.unpack = {unpack<uint8_t>, unpack<uint16_t>, unpack<uint32_t>, unpack<uint64_t>};
  table.stream = stream;
}

}  // namespace HWY_NAMESPACE
}  // namespace tandem::backends::common::interpreter
HWY_AFTER_NAMESPACE();
#endif

#if HWY_ONCE
namespace tandem::backends::common::interpreter {
TANDEM_EXPORT_TILES(add_packing)
}  // namespace tandem::backends::common::interpreter
#endif
