// Packs strided memory into contiguous tiles and back, by element size.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tandem/backends/common/interpreter/tiles/packing.cpp"
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

// One round of a perfect shuffle of `group` rows, in each 128-bit block: log2(group) of them turn
// rows into columns.
template <size_t group, class D>
HWY_INLINE void shuffle_round(D d, hn::Vec<D>* rows) {
  std::array<hn::Vec<D>, group> mixed;
  constexpr size_t half = group / 2;
  for (size_t i = 0; i < half; ++i) {
    mixed[2 * i] = hn::InterleaveLower(d, rows[i], rows[i + half]);
    mixed[2 * i + 1] = hn::InterleaveUpper(d, rows[i], rows[i + half]);
  }
  for (size_t i = 0; i < group; ++i) rows[i] = mixed[i];
}

// rows[r] lane c becomes rows[c] lane r, for as many rows as lanes.
template <class T, class D>
HWY_INLINE void transpose_square(D d, hn::Vec<D>* rows) {
  constexpr size_t lanes = hn::MaxLanes(D());
  constexpr size_t group = lanes < 16 / sizeof(T) ? lanes : 16 / sizeof(T);
  constexpr size_t blocks = lanes / group;
  // Vector q of a group then holds in its block b the column b * group + q.
  for (size_t g = 0; g < blocks; ++g) {
    for (size_t r = 1; r < group; r *= 2) shuffle_round<group>(d, rows + g * group);
  }
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2
  if constexpr (blocks == 2) {
    for (size_t q = 0; q < group; ++q) {
      const auto low = rows[q];
      const auto high = rows[group + q];
      rows[q] = hn::ConcatLowerLower(d, high, low);
      rows[group + q] = hn::ConcatUpperUpper(d, high, low);
    }
  }
#endif
#if HWY_TARGET == HWY_AVX3
  if constexpr (blocks == 4) {
    using V = hn::Vec<D>;
    for (size_t q = 0; q < group; ++q) {
      const auto a = rows[q].raw;
      const auto b = rows[group + q].raw;
      const auto c = rows[2 * group + q].raw;
      const auto e = rows[3 * group + q].raw;
      const auto ab_even = _mm512_shuffle_i32x4(a, b, 0x88);
      const auto ab_odd = _mm512_shuffle_i32x4(a, b, 0xdd);
      const auto ce_even = _mm512_shuffle_i32x4(c, e, 0x88);
      const auto ce_odd = _mm512_shuffle_i32x4(c, e, 0xdd);
      rows[q] = V{_mm512_shuffle_i32x4(ab_even, ce_even, 0x88)};
      rows[group + q] = V{_mm512_shuffle_i32x4(ab_odd, ce_odd, 0x88)};
      rows[2 * group + q] = V{_mm512_shuffle_i32x4(ab_even, ce_even, 0xdd)};
      rows[3 * group + q] = V{_mm512_shuffle_i32x4(ab_odd, ce_odd, 0xdd)};
    }
  }
#endif
}

// Squares of as many rows as D has lanes: whole lines in, whole lines out.
template <class T, bool streams, class D>
HWY_INLINE void transpose_squares(D d, const T* from, int64_t from_step, T* to, int64_t to_step,
                                  int64_t rows, int64_t columns) {
  constexpr auto n = static_cast<int64_t>(hn::MaxLanes(D()));
  for (int64_t c = 0; c + n <= columns; c += n) {
    for (int64_t r = 0; r + n <= rows; r += n) {
      hn::Vec<D> square[n];
      for (int64_t i = 0; i < n; ++i) square[i] = hn::LoadU(d, from + (c + i) * from_step + r);
      transpose_square<T>(d, square);
      for (int64_t i = 0; i < n; ++i) {
        T* const row = to + (r + i) * to_step + c;
        if constexpr (streams) {
          hn::Stream(square[i], d, row);
        } else {
          hn::StoreU(square[i], d, row);
        }
      }
    }
  }
}

// to[r * to_step + c] = from[c * from_step + r]
template <class T, bool streams = false>
void transpose(const T* from, int64_t from_step, T* to, int64_t to_step, int64_t rows,
               int64_t columns) {
  // Elements of 1 and 2 bytes have no room in registers for the squares of full vectors.
  using D = std::conditional_t<sizeof(T) >= 4, Tag<T>, hn::FixedTag<T, 16 / sizeof(T)>>;
  using Small = hn::FixedTag<T, 16 / sizeof(T)>;
  constexpr auto n = static_cast<int64_t>(hn::MaxLanes(D()));
  constexpr auto small = static_cast<int64_t>(hn::MaxLanes(Small()));
  const int64_t whole_rows = rows / n * n;
  const int64_t whole_columns = columns / n * n;
  transpose_squares<T, streams>(D(), from, from_step, to, to_step, whole_rows, whole_columns);
  const auto rest = [&](int64_t first_row, int64_t row_count, int64_t first_column,
                        int64_t column_count) HWY_ATTR {
    const T* const source = from + first_column * from_step + first_row;
    T* const target = to + first_row * to_step + first_column;
    const int64_t inner_rows = row_count / small * small;
    const int64_t inner_columns = column_count / small * small;
    transpose_squares<T, false>(Small(), source, from_step, target, to_step, inner_rows,
                                inner_columns);
    for (int64_t c = 0; c < column_count; ++c) {
      for (int64_t r = c < inner_columns ? inner_rows : 0; r < row_count; ++r) {
        target[r * to_step + c] = source[c * from_step + r];
      }
    }
  };
  if (whole_columns < columns) rest(0, rows, whole_columns, columns - whole_columns);
  if (whole_rows < rows) rest(whole_rows, rows - whole_rows, 0, whole_columns);
}

void stream(void* to, const void* from, size_t n) {
  const Tag<uint8_t> d;
  auto* out = static_cast<uint8_t*>(to);
  const auto* in = static_cast<const uint8_t*>(from);
  for (size_t i = 0; i < n; i += kLanes<uint8_t>) {
    hn::Stream(hn::LoadU(d, in + i), d, out + i);
  }
}

// By way of two tiles in the first cache, so that memory sees whole lines.
template <class T>
void move_staged(T* to, int64_t to_step, const T* from, int64_t from_step, int64_t rows,
                 int64_t columns, bool streams) {
  constexpr int64_t kSide = sizeof(T) < 4 ? 128 : 64;
  alignas(64) T in[kSide * kSide];
  alignas(64) T out[kSide * kSide];
  for (int64_t r0 = 0; r0 < rows; r0 += kSide) {
    for (int64_t c0 = 0; c0 < columns; c0 += kSide) {
      const int64_t height = std::min(kSide, rows - r0);
      const int64_t width = std::min(kSide, columns - c0);
      for (int64_t c = 0; c < width; ++c) {
        std::memcpy(in + c * kSide, from + (c0 + c) * from_step + r0,
                    static_cast<size_t>(height) * sizeof(T));
      }
      transpose<T>(in, kSide, out, kSide, height, width);
      for (int64_t r = 0; r < height; ++r) {
        T* const row = to + (r0 + r) * to_step + c0;
        const size_t bytes = static_cast<size_t>(width) * sizeof(T);
        if (streams && bytes % 64 == 0) {
          stream(row, out + r * kSide, bytes);
        } else {
          std::memcpy(row, out + r * kSide, bytes);
        }
      }
    }
  }
}

template <class T>
void move_transposed(void* to, int64_t to_step, const void* from, int64_t from_step, int64_t rows,
                     int64_t columns, bool streams) {
  auto* const target = static_cast<T*>(to);
  const auto* const source = static_cast<const T*>(from);
  const auto places = reinterpret_cast<uintptr_t>(to) | static_cast<uintptr_t>(to_step) * sizeof(T);
  streams = streams && places % 64 == 0;
  if constexpr (sizeof(T) < 4 || kLanes<uint8_t> < 64) {
    move_staged(target, to_step, source, from_step, rows, columns, streams);
  } else if (streams) {
    transpose<T, true>(source, from_step, target, to_step, rows, columns);
  } else {
    transpose<T>(source, from_step, target, to_step, rows, columns);
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

void add_packing(TileTable& table) {
  table.pack = {pack<uint8_t>, pack<uint16_t>, pack<uint32_t>, pack<uint64_t>};
  table.unpack = {unpack<uint8_t>, unpack<uint16_t>, unpack<uint32_t>, unpack<uint64_t>};
  table.transpose = {move_transposed<uint8_t>, move_transposed<uint16_t>, move_transposed<uint32_t>,
                     move_transposed<uint64_t>};
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
