// Products with few rows, bound by reading the big operand once; for one instruction set.
// Included by simd.cpp once per target.
#if defined(TANDEM_GEMM_STREAM_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef TANDEM_GEMM_STREAM_INL_H
#undef TANDEM_GEMM_STREAM_INL_H
#else
#define TANDEM_GEMM_STREAM_INL_H
#endif

#include <hwy/highway.h>

#include <cstring>
#include <type_traits>
#include <utility>

#include "tandem/backends/common/gemm/simd.h"

HWY_BEFORE_NAMESPACE();
namespace tandem::backends::common {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class S>
using Stored =
    std::conditional_t<std::is_same_v<S, float16_t>, hwy::float16_t,
                       std::conditional_t<std::is_same_v<S, bfloat16_t>, hwy::bfloat16_t, float>>;

using FloatTag = hn::ScalableTag<float>;
using FloatVec = hn::Vec<FloatTag>;

template <class S>
HWY_INLINE FloatVec load_floats(const S* from) {
  const FloatTag d;
  const auto* source = reinterpret_cast<const Stored<S>*>(from);
  if constexpr (std::is_same_v<S, float>) {
    return hn::LoadU(d, source);
  } else {
    return hn::PromoteTo(d, hn::LoadU(hn::Rebind<Stored<S>, FloatTag>(), source));
  }
}

// The first `count` values, zeros behind them.
template <class S>
HWY_INLINE FloatVec load_some(const S* from, int64_t count) {
  S padded[hn::MaxLanes(FloatTag())] = {};
  std::memcpy(static_cast<void*>(padded), from, static_cast<size_t>(count) * sizeof(S));
  return load_floats(padded);
}

template <size_t kCount>
using Indices = std::make_index_sequence<kCount>;

// One big vector of each row in `big` against `small`; sums[row * kSmall + i].
template <size_t kSmall, size_t... kSum>
HWY_INLINE void dot_step(std::index_sequence<kSum...>, const FloatVec* big, const float* small,
                         int64_t small_stride, FloatVec* sums) {
  const FloatTag d;
  ((sums[kSum] = hn::MulAdd(
        big[kSum / kSmall],
        hn::LoadU(d, small + static_cast<int64_t>(kSum % kSmall) * small_stride), sums[kSum])),
   ...);
}

template <size_t... kSum>
HWY_INLINE void clear(std::index_sequence<kSum...>, FloatVec* sums) {
  const FloatTag d;
  ((sums[kSum] = hn::Zero(d)), ...);
}

template <class S, size_t... kRow>
HWY_INLINE void load_rows(std::index_sequence<kRow...>, const S* big, int64_t stride,
                          FloatVec* rows) {
  ((rows[kRow] = load_floats(big + static_cast<int64_t>(kRow) * stride)), ...);
}

template <class S, size_t... kRow>
HWY_INLINE void load_row_tails(std::index_sequence<kRow...>, const S* big, int64_t stride,
                               int64_t count, FloatVec* rows) {
  ((rows[kRow] = load_some(big + static_cast<int64_t>(kRow) * stride, count)), ...);
}

template <class S, size_t kSmall, size_t kRows>
HWY_INLINE void dot_block(int64_t depth, const S* HWY_RESTRICT big, int64_t big_stride,
                          const float* HWY_RESTRICT small, int64_t small_stride, float* result,
                          int64_t result_stride) {
  const FloatTag d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  constexpr Indices<kSmall * kRows> kSums;
  FloatVec sums[kSmall * kRows];
  FloatVec rows[kRows];
  clear(kSums, sums);
  int64_t j = 0;
  for (; j + lanes <= depth; j += lanes) {
    load_rows(Indices<kRows>(), big + j, big_stride, rows);
    dot_step<kSmall>(kSums, rows, small + j, small_stride, sums);
  }
  if (j < depth) {
    load_row_tails(Indices<kRows>(), big + j, big_stride, depth - j, rows);
    dot_step<kSmall>(kSums, rows, small + j, small_stride, sums);
  }
  for (size_t row = 0; row < kRows; ++row) {
    for (size_t i = 0; i < kSmall; ++i) {
      result[static_cast<int64_t>(i) * result_stride + static_cast<int64_t>(row)] =
          hn::GetLane(hn::SumOfLanes(d, sums[row * kSmall + i]));
    }
  }
}

// Rows at a time: enough independent sums to hide latency, few enough to stay in registers.
constexpr size_t rows_at_once(size_t small) {
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON
  return small == 1 ? 8 : small == 2 ? 8 : small <= 4 ? 4 : 2;
#else
  return small == 1 ? 8 : small <= 3 ? 3 : 1;
#endif
}

template <class S, size_t kSmall>
HWY_INLINE void dot_rows(int64_t big_rows, int64_t depth, const S* big, int64_t big_stride,
                         const float* small, int64_t small_stride, float* result,
                         int64_t result_stride) {
  constexpr size_t kRows = rows_at_once(kSmall);
  int64_t row = 0;
  for (; row + static_cast<int64_t>(kRows) <= big_rows; row += kRows) {
    dot_block<S, kSmall, kRows>(depth, big + row * big_stride, big_stride, small, small_stride,
                                result + row, result_stride);
  }
  for (; row < big_rows; ++row) {
    dot_block<S, kSmall, 1>(depth, big + row * big_stride, big_stride, small, small_stride,
                            result + row, result_stride);
  }
}

inline constexpr int kAxpyRows = 8;  // rows of the big matrix that are walked side by side

template <size_t... kRow>
HWY_INLINE FloatVec axpy_step(std::index_sequence<kRow...>, const FloatVec* big, const float* small,
                              FloatVec sum) {
  const FloatTag d;
  ((sum = hn::MulAdd(hn::Set(d, small[kRow]), big[kRow], sum)), ...);
  return sum;
}

template <class S, size_t kSmall, size_t kRows>
HWY_INLINE void axpy_block(int64_t columns, const S* HWY_RESTRICT big, int64_t big_stride,
                           const float* HWY_RESTRICT small, int64_t small_stride,
                           float* HWY_RESTRICT result, int64_t result_stride) {
  const FloatTag d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  constexpr Indices<kRows> kAll;
  FloatVec rows[kRows];
  int64_t j = 0;
  for (; j + lanes <= columns; j += lanes) {
    load_rows(kAll, big + j, big_stride, rows);
    for (size_t i = 0; i < kSmall; ++i) {
      float* sum = result + static_cast<int64_t>(i) * result_stride + j;
      hn::StoreU(
          axpy_step(kAll, rows, small + static_cast<int64_t>(i) * small_stride, hn::LoadU(d, sum)),
          d, sum);
    }
  }
  if (j == columns) return;
  load_row_tails(kAll, big + j, big_stride, columns - j, rows);
  for (size_t i = 0; i < kSmall; ++i) {
    HWY_ALIGN float sum[hn::MaxLanes(d)] = {};
    float* target = result + static_cast<int64_t>(i) * result_stride + j;
    const size_t bytes = static_cast<size_t>(columns - j) * sizeof(float);
    std::memcpy(sum, target, bytes);
    hn::Store(
        axpy_step(kAll, rows, small + static_cast<int64_t>(i) * small_stride, hn::Load(d, sum)), d,
        sum);
    std::memcpy(target, sum, bytes);
  }
}

template <class S, size_t kSmall>
HWY_INLINE void axpy_rows(int64_t columns, int64_t depth, const S* big, int64_t big_stride,
                          const float* small, int64_t small_stride, float* result,
                          int64_t result_stride) {
  int64_t row = 0;
  for (; row + kAxpyRows <= depth; row += kAxpyRows) {
    axpy_block<S, kSmall, kAxpyRows>(columns, big + row * big_stride, big_stride, small + row,
                                     small_stride, result, result_stride);
  }
  for (; row < depth; ++row) {
    axpy_block<S, kSmall, 1>(columns, big + row * big_stride, big_stride, small + row, small_stride,
                             result, result_stride);
  }
}

template <class S, size_t... kSmall>
HWY_INLINE void dot_any(std::index_sequence<kSmall...>, int count, int64_t big_rows, int64_t depth,
                        const S* big, int64_t big_stride, const float* small, int64_t small_stride,
                        float* result, int64_t result_stride) {
  ((count == static_cast<int>(kSmall) + 1
        ? dot_rows<S, kSmall + 1>(big_rows, depth, big, big_stride, small, small_stride, result,
                                  result_stride)
        : void()),
   ...);
}

template <class S, size_t... kSmall>
HWY_INLINE void axpy_any(std::index_sequence<kSmall...>, int count, int64_t columns, int64_t depth,
                         const S* big, int64_t big_stride, const float* small, int64_t small_stride,
                         float* result, int64_t result_stride) {
  ((count == static_cast<int>(kSmall) + 1
        ? axpy_rows<S, kSmall + 1>(columns, depth, big, big_stride, small, small_stride, result,
                                   result_stride)
        : void()),
   ...);
}

template <class S>
void dot(int count, int64_t big_rows, int64_t depth, const void* big, int64_t big_stride,
         const float* small, int64_t small_stride, float* result, int64_t result_stride) {
  dot_any<S>(Indices<kStreamRows>(), count, big_rows, depth, static_cast<const S*>(big), big_stride,
             small, small_stride, result, result_stride);
}

template <class S>
void axpy(int count, int64_t columns, int64_t depth, const void* big, int64_t big_stride,
          const float* small, int64_t small_stride, float* result, int64_t result_stride) {
  axpy_any<S>(Indices<kStreamRows>(), count, columns, depth, static_cast<const S*>(big), big_stride,
              small, small_stride, result, result_stride);
}

template <class S>
StreamKernels make_stream_kernels() {
  return {&dot<S>, &axpy<S>};
}

}  // namespace HWY_NAMESPACE
}  // namespace tandem::backends::common
HWY_AFTER_NAMESPACE();

#endif
