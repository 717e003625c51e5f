// Runs of a storage dtype to and from the compute type, for one instruction set.
// Included by simd.cpp once per target.
#if defined(TANDEM_GEMM_RUNS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef TANDEM_GEMM_RUNS_INL_H
#undef TANDEM_GEMM_RUNS_INL_H
#else
#define TANDEM_GEMM_RUNS_INL_H
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <bit>
#include <complex>
#include <cstring>
#include <type_traits>

#include "tandem/backends/common/gemm/simd.h"

HWY_BEFORE_NAMESPACE();
namespace tandem::backends::common {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Storage element types as loops see them; signed integers go by their bits.
template <class S>
using Compute = std::conditional_t<std::is_same_v<S, double> || std::is_same_v<S, uint64_t>, S,
                                   std::conditional_t<std::is_integral_v<S>, uint32_t, float>>;

HWY_INLINE float widen_half(uint16_t bits) {
  const hn::FixedTag<float, 4> d;
  const hn::Rebind<hwy::float16_t, decltype(d)> half;
  return hn::GetLane(
      hn::PromoteTo(d, hn::BitCast(half, hn::Set(hn::Rebind<uint16_t, decltype(d)>(), bits))));
}

template <class S>
HWY_INLINE Compute<S> widen(S value) {
  if constexpr (std::is_same_v<S, float16_t>) {
    return widen_half(value.bits);
  } else {
    return static_cast<Compute<S>>(value);
  }
}

// `count` contiguous float16 values; the tail goes through a padded copy.
HWY_INLINE void load_halves(const float16_t* from, float* to, int64_t count) {
  const hn::ScalableTag<float> d;
  const hn::Rebind<hwy::float16_t, decltype(d)> half;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto* source = reinterpret_cast<const hwy::float16_t*>(from + i);
    hn::StoreU(hn::PromoteTo(d, hn::LoadU(half, source)), d, to + i);
  }
  for (; i < count; ++i) to[i] = widen_half(from[i].bits);
}

HWY_INLINE void store_halves(const float* from, float16_t* to, int64_t count) {
  const hn::ScalableTag<float> d;
  const hn::Rebind<hwy::float16_t, decltype(d)> half;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    hn::StoreU(hn::DemoteTo(half, hn::LoadU(d, from + i)), half,
               reinterpret_cast<hwy::float16_t*>(to + i));
  }
  for (; i < count; ++i) to[i] = float16_t(from[i]);
}

template <class S>
void load_run(const void* from, int64_t stride, int part, void* to, int64_t count) {
  using T = Compute<S>;
  T* target = static_cast<T*>(to);
  if constexpr (std::is_same_v<S, std::complex<float>>) {
    const float* source = static_cast<const float*>(from) + part;
    if (stride == 1) {
      for (int64_t i = 0; i < count; ++i) target[i] = source[2 * i];
    } else {
      for (int64_t i = 0; i < count; ++i) target[i] = source[2 * i * stride];
    }
  } else {
    static_cast<void>(part);
    const S* source = static_cast<const S*>(from);
    if (stride != 1) {
      for (int64_t i = 0; i < count; ++i) target[i] = widen(source[i * stride]);
    } else if constexpr (std::is_same_v<S, T>) {
      std::memcpy(target, source, static_cast<size_t>(count) * sizeof(T));
    } else if constexpr (std::is_same_v<S, float16_t>) {
      load_halves(source, target, count);
    } else {
      for (int64_t i = 0; i < count; ++i) target[i] = widen(source[i]);
    }
  }
}

inline constexpr int64_t kStoreChunk = 256;

// values = alpha * values + beta * c, where c is a run of S at element `begin` of the target.
template <class S>
HWY_INLINE void scale(Compute<S>* values, int part, int64_t begin, int64_t count,
                      const StoreTarget& target) {
  using T = Compute<S>;
  HWY_ALIGN T other[kStoreChunk];
  load_run<S>(static_cast<const S*>(target.c) + begin * target.c_stride, target.c_stride, part,
              other, count);
  const T alpha = static_cast<T>(target.alpha);
  const T beta = static_cast<T>(target.beta);
  for (int64_t i = 0; i < count; ++i) values[i] = alpha * values[i] + beta * other[i];
}

template <class S>
HWY_INLINE void write_run(const Compute<S>* values, S* out, int64_t stride, int64_t count) {
  if constexpr (std::is_same_v<S, float16_t>) {
    if (stride == 1) return store_halves(values, out, count);
  }
  if (stride == 1) {
    for (int64_t i = 0; i < count; ++i) out[i] = static_cast<S>(values[i]);
  } else {
    for (int64_t i = 0; i < count; ++i) out[i * stride] = static_cast<S>(values[i]);
  }
}

template <class S>
void store_run(const void* values, const void* imaginary, int64_t count,
               const StoreTarget& target) {
  using T = Compute<S>;
  HWY_ALIGN T real[kStoreChunk];
  const T* source = static_cast<const T*>(values);
  for (int64_t begin = 0; begin < count; begin += kStoreChunk) {
    const int64_t size = std::min(kStoreChunk, count - begin);
    S* out = static_cast<S*>(target.out) + begin * target.out_stride;
    const T* run = source + begin;
    if (target.c != nullptr) {
      std::memcpy(real, run, static_cast<size_t>(size) * sizeof(T));
      if constexpr (!std::is_integral_v<T>) scale<S>(real, 0, begin, size, target);
      run = real;
    }
    if constexpr (std::is_same_v<S, std::complex<float>>) {
      HWY_ALIGN float other[kStoreChunk];
      std::memcpy(other, static_cast<const float*>(imaginary) + begin,
                  static_cast<size_t>(size) * sizeof(float));
      if (target.c != nullptr) scale<S>(other, 1, begin, size, target);
      for (int64_t i = 0; i < size; ++i) out[i * target.out_stride] = {run[i], other[i]};
    } else {
      static_cast<void>(imaginary);
      write_run(run, out, target.out_stride, size);
    }
  }
}

template <class S>
RunKernels make_run_kernels() {
  return {&load_run<S>, &store_run<S>};
}

}  // namespace HWY_NAMESPACE
}  // namespace tandem::backends::common
HWY_AFTER_NAMESPACE();

#endif
