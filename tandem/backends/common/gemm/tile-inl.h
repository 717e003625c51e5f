// The register tile and the transposition of packing, for one instruction set.
// Included by simd.cpp once per target: no include guard in the usual sense.
#if defined(TANDEM_GEMM_TILE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef TANDEM_GEMM_TILE_INL_H
#undef TANDEM_GEMM_TILE_INL_H
#else
#define TANDEM_GEMM_TILE_INL_H
#endif

#include <hwy/highway.h>

#include <type_traits>
#include <utility>

#include "tandem/backends/common/gemm/simd.h"

HWY_BEFORE_NAMESPACE();
namespace tandem::backends::common {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Two columns of vectors; as many rows as leave registers for them and one broadcast.
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON
inline constexpr int kTileRows = 12;
#else
inline constexpr int kTileRows = 6;
#endif

template <class D, class V = hn::Vec<D>>
HWY_INLINE V multiply_add(D d, V x, V y, V sum) {
  using T = hn::TFromD<D>;
  if constexpr (std::is_floating_point_v<T>) {
    return hn::MulAdd(x, y, sum);
  } else if constexpr (sizeof(T) == 4) {
    return hn::Add(hn::Mul(x, y), sum);
  } else {
    const hn::Repartition<uint32_t, D> halves;
    const auto low_x = hn::BitCast(halves, x);
    const auto low_y = hn::BitCast(halves, y);
    const auto high_x = hn::BitCast(halves, hn::ShiftRight<32>(x));
    const auto high_y = hn::BitCast(halves, hn::ShiftRight<32>(y));
    const auto cross = hn::Add(hn::MulEven(high_x, low_y), hn::MulEven(low_x, high_y));
    const auto product = hn::Add(hn::MulEven(low_x, low_y), hn::ShiftLeft<32>(cross));
    return hn::Add(hn::BitCast(d, product), sum);
  }
}

template <class D, class V = hn::Vec<D>>
HWY_INLINE void tile_row(D d, const hn::TFromD<D>* a, V b0, V b1, V& left, V& right) {
  const V x = hn::Set(d, *a);
  left = multiply_add(d, x, b0, left);
  right = multiply_add(d, x, b1, right);
}

template <class D, class V = hn::Vec<D>>
HWY_INLINE void finish_row(D d, hn::TFromD<D>* c, bool accumulate, V left, V right) {
  const size_t lanes = hn::Lanes(d);
  if (accumulate) {
    left = hn::Add(hn::Load(d, c), left);
    right = hn::Add(hn::Load(d, c + lanes), right);
  }
  hn::Store(left, d, c);
  hn::Store(right, d, c + lanes);
}

template <class T, size_t... kRow>
HWY_INLINE void tile_rows(std::index_sequence<kRow...>, int64_t depth, const T* HWY_RESTRICT a,
                          const T* HWY_RESTRICT b, T* HWY_RESTRICT c, int64_t c_stride,
                          bool accumulate) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const size_t lanes = hn::Lanes(d);
  V left[] = {(static_cast<void>(kRow), hn::Zero(d))...};
  V right[] = {(static_cast<void>(kRow), hn::Zero(d))...};
  for (int64_t k = 0; k < depth; ++k, b += 2 * lanes) {
    const V b0 = hn::Load(d, b);
    const V b1 = hn::Load(d, b + lanes);
    (tile_row(d, a + kRow * kTileRowStride + k, b0, b1, left[kRow], right[kRow]), ...);
  }
  (finish_row(d, c + static_cast<int64_t>(kRow) * c_stride, accumulate, left[kRow], right[kRow]),
   ...);
}

template <class T>
void tile(int64_t depth, const void* a, const void* b, void* c, int64_t c_stride, bool accumulate) {
  tile_rows(std::make_index_sequence<kTileRows>(), depth, static_cast<const T*>(a),
            static_cast<const T*>(b), static_cast<T*>(c), c_stride, accumulate);
}

template <class T>
HWY_INLINE void transpose_block(const T* from, int64_t from_stride, T* to, int64_t to_stride) {
  const hn::FixedTag<T, 16 / sizeof(T)> d;
  if constexpr (sizeof(T) == 8) {
    for (int i = 0; i < 4; i += 2) {
      for (int j = 0; j < 4; j += 2) {
        const auto x = hn::LoadU(d, from + i * from_stride + j);
        const auto y = hn::LoadU(d, from + (i + 1) * from_stride + j);
        hn::StoreU(hn::InterleaveLower(d, x, y), d, to + j * to_stride + i);
        hn::StoreU(hn::InterleaveUpper(d, x, y), d, to + (j + 1) * to_stride + i);
      }
    }
  } else {
    const auto r0 = hn::LoadU(d, from);
    const auto r1 = hn::LoadU(d, from + from_stride);
    const auto r2 = hn::LoadU(d, from + 2 * from_stride);
    const auto r3 = hn::LoadU(d, from + 3 * from_stride);
    const auto even_low = hn::InterleaveLower(d, r0, r2);
    const auto odd_low = hn::InterleaveLower(d, r1, r3);
    const auto even_high = hn::InterleaveUpper(d, r0, r2);
    const auto odd_high = hn::InterleaveUpper(d, r1, r3);
    hn::StoreU(hn::InterleaveLower(d, even_low, odd_low), d, to);
    hn::StoreU(hn::InterleaveUpper(d, even_low, odd_low), d, to + to_stride);
    hn::StoreU(hn::InterleaveLower(d, even_high, odd_high), d, to + 2 * to_stride);
    hn::StoreU(hn::InterleaveUpper(d, even_high, odd_high), d, to + 3 * to_stride);
  }
}

template <class T>
void transpose(const void* from, int64_t from_stride, int64_t rows, int64_t columns, void* to,
               int64_t to_stride) {
  const T* source = static_cast<const T*>(from);
  T* target = static_cast<T*>(to);
  for (int64_t j = 0; j < columns; j += 4) {
    for (int64_t i = 0; i < rows; i += 4) {
      transpose_block(source + i * from_stride + j, from_stride, target + j * to_stride + i,
                      to_stride);
    }
  }
}

template <class T>
TileKernels make_tile_kernels() {
  const hn::ScalableTag<T> d;
  return {kTileRows, static_cast<int>(2 * hn::Lanes(d)), &tile<T>, &transpose<T>};
}

}  // namespace HWY_NAMESPACE
}  // namespace tandem::backends::common
HWY_AFTER_NAMESPACE();

#endif
