#include "tandem/backends/cuda/text/prelude.h"

namespace tandem::backends::cuda {

std::string_view common_prelude(bool narrow_index) {
  // Positions are unsigned only where they are divided.
  constexpr std::string_view kNarrow = R"(typedef unsigned u32;
typedef unsigned long long u64;
typedef long long i64;
typedef int Index;
static __device__ __forceinline__ Index quotient(Index x, i64 y) { return (u32)x / (u32)y; }
)";
  constexpr std::string_view kWide = R"(typedef unsigned u32;
typedef unsigned long long u64;
typedef long long i64;
typedef i64 Index;
static __device__ __forceinline__ Index quotient(Index x, i64 y) { return (u64)x / (u64)y; }
)";
  return narrow_index ? kNarrow : kWide;
}

std::string_view chunk_prelude() {
  return R"(
template <class S>
static __device__ __forceinline__ typename S::T fold_warp(typename S::T x0, typename S::T x1) {
  x0 = S::combine(x0, x1);
#pragma unroll
  for (int w = 16; w > 0; w /= 2) x0 = S::combine(x0, S::shifted(x0, w));
  return x0;
}
template <class S>
static __device__ __forceinline__ typename S::T reduce_chunk(const Arguments& a, const Row& row, const Index chunk) {
  const int lane = threadIdx.x & 31;
  const Index begin = chunk * 1024;
  const Index left = (Index)a.row_elements - begin;
  typename S::T x0 = S::absent(), x1 = S::absent();
  if (S::light && left >= 1024) {
#pragma unroll 8
    for (int k = 0; k < 1024; k += 64) {
      x0 = S::extend(x0, S::element(a, row, begin + (k + lane)));
      x1 = S::extend(x1, S::element(a, row, begin + (k + 32 + lane)));
    }
  } else {
    const int last = left < 1024 ? (int)left - 1 : 1023;
#pragma unroll 1
    for (int k = lane; k - lane <= last; k += 64 * S::width) {
      typename S::Out y0[S::width], y1[S::width];
#pragma unroll
      for (int i = 0; i < S::width; ++i) {
        const int p0 = k + 64 * i, p1 = p0 + 32;
        y0[i] = S::compute(a, row, begin + (p0 < last ? p0 : last));
        y1[i] = S::compute(a, row, begin + (p1 < last ? p1 : last));
      }
#pragma unroll
      for (int i = 0; i < S::width; ++i) {
        const int p0 = k + 64 * i, p1 = p0 + 32;
        if (p0 <= last) x0 = S::extend(x0, S::taken(a, row, begin + p0, y0[i]));
        if (p1 <= last) x1 = S::extend(x1, S::taken(a, row, begin + p1, y1[i]));
      }
    }
  }
  return fold_warp<S>(x0, x1);
}
)";
}

std::string_view block_prelude() {
  return R"(
template <class S>
static __device__ __forceinline__ typename S::T combine_parts(typename S::T* parts, const int count) {
  for (int w = 1; w < count; w *= 2) {
    __syncthreads();
    const int i = (int)threadIdx.x * 2 * w;
    if (i + w < count) parts[i] = S::combine(parts[i], parts[i + w]);
  }
  __syncthreads();
  return parts[0];
}
template <class S>
static __device__ __forceinline__ typename S::T reduce_chunks(const Arguments& a, const Row& row, const Index begin, const Index end, u64* room) {
  typename S::T* parts = (typename S::T*)room;
  const int count = (int)(end - begin), warp = threadIdx.x / 32;
  for (int c = warp; c < count; c += kWarps) {
    const typename S::T x = reduce_chunk<S>(a, row, begin + c);
    if ((threadIdx.x & 31) == 0) parts[c] = x;
  }
  return combine_parts<S>(parts, count);
}
template <class T>
struct Counter {
  T stack[64];
  int depth;
};
template <class S>
static __device__ __forceinline__ void push(Counter<typename S::T>& counter, typename S::T x, u64 number) {
  for (; number & 1; number >>= 1) x = S::combine(counter.stack[--counter.depth], x);
  counter.stack[counter.depth++] = x;
}
template <class S>
static __device__ __forceinline__ typename S::T finish(Counter<typename S::T>& counter) {
  typename S::T x = counter.stack[--counter.depth];
  while (counter.depth > 0) x = S::combine(counter.stack[--counter.depth], x);
  return x;
}
template <class S>
static __device__ __forceinline__ typename S::T reduce_row(const Arguments& a, const Row& row, u64* room) {
  typedef typename S::T T;
  T* parts = (T*)room;
  const Index chunks = ((Index)a.row_elements + 1023) / 1024;
  if (chunks == 0) return S::identity();
  T result;
  if (chunks <= 256) {
    result = reduce_chunks<S>(a, row, 0, chunks, room);
  } else {
    Counter<T> counter;
    counter.depth = 0;
    for (Index begin = 0; begin < chunks; begin += 256) {
      const T x = reduce_chunks<S>(a, row, begin, begin + 256 < chunks ? begin + 256 : chunks, room);
      if (threadIdx.x == 0) push<S>(counter, x, (u64)begin / 256);
      __syncthreads();
    }
    if (threadIdx.x == 0) parts[0] = finish<S>(counter);
    __syncthreads();
    result = parts[0];
  }
  __syncthreads();
  return result;
}
)";
}

std::string_view split_prelude() {
  return R"(
static __device__ __forceinline__ bool arrives_last(u32* counter, const u32 count, u32* flag) {
  __threadfence();
  __syncthreads();
  if (threadIdx.x == 0) {
    const u32 before = atomicAdd(counter, 1u);
    *flag = before + 1 == count;
    if (*flag) *counter = 0;
  }
  __syncthreads();
  if (*flag) __threadfence();
  return *flag != 0;
}
template <class S>
static __device__ __forceinline__ typename S::T& slot(const Arguments& a, i64 number) {
  return *(typename S::T*)((char*)a.scratch + 16 * number);
}
template <class S>
static __device__ __forceinline__ typename S::T combine_groups(const Arguments& a, const i64 first, u64* room) {
  typedef typename S::T T;
  T* parts = (T*)room;
  if (a.row_elements == 0) return S::identity();
  Counter<T> counter;
  counter.depth = 0;
  for (i64 begin = 0; begin < a.groups; begin += 2048) {
    const int count = (int)(a.groups - begin < 2048 ? a.groups - begin : 2048);
    T x[8];
#pragma unroll
    for (int i = 0; i < 8; ++i) {
      const int n = (int)threadIdx.x * 8 + i;
      x[i] = S::absent();
      if (n < count) x[i] = slot<S>(a, first + begin + n);
    }
#pragma unroll
    for (int w = 1; w < 8; w *= 2) {
#pragma unroll
      for (int i = 0; i < 8; i += 2 * w) x[i] = S::combine(x[i], x[i + w]);
    }
    parts[threadIdx.x] = x[0];
    const T found = combine_parts<S>(parts, (count + 7) / 8);
    if (threadIdx.x == 0) push<S>(counter, found, (u64)begin / 2048);
    __syncthreads();
  }
  if (threadIdx.x == 0) parts[0] = finish<S>(counter);
  __syncthreads();
  const T result = parts[0];
  __syncthreads();
  return result;
}
)";
}

std::string_view columns_prelude() {
  return R"(
template <class S>
static __device__ __forceinline__ typename S::T reduce_columns(const Arguments& a, const Row& row, const Index begin, const Index end, u64* room) {
  typedef typename S::T T;
  T* shared = (T*)room;
  const int lane = threadIdx.x & 31, warp = threadIdx.x / 32;
  Counter<T> counter;
  counter.depth = 0;
  for (Index chunk = begin; chunk < end; ++chunk) {
    const Index first = chunk * 1024 + 8 * warp;
    const Index left = (Index)a.row_elements - first;
    T x[8];
#pragma unroll
    for (int i = 0; i < 8; ++i) x[i] = S::absent();
    if (S::light && left >= 1024 - 8 * warp) {
#pragma unroll 2
      for (int k = 0; k < 1024; k += 64) {
        T y[8];
#pragma unroll
        for (int i = 0; i < 8; ++i) y[i] = S::element(a, row, first + (k + i));
#pragma unroll
        for (int i = 0; i < 8; ++i) x[i] = S::combine(x[i], y[i]);
      }
    } else {
#pragma unroll 1
      for (int k = 0; k < 1024 && k < left; k += 64) {
#pragma unroll
        for (int i = 0; i < 8; ++i) {
          if (k + i < left) x[i] = S::combine(x[i], S::element(a, row, first + (k + i)));
        }
      }
    }
    __syncthreads();
#pragma unroll
    for (int i = 0; i < 8; ++i) shared[(8 * warp + i) * 32 + lane] = x[i];
    __syncthreads();
#pragma unroll
    for (int i = 0; i < 8; ++i) x[i] = shared[(warp + 8 * i) * 32 + lane];
#pragma unroll
    for (int w = 4; w > 0; w /= 2) {
#pragma unroll
      for (int i = 0; i < w; ++i) x[i] = S::combine(x[i], x[i + w]);
    }
    __syncthreads();
    shared[warp * 32 + lane] = x[0];
    __syncthreads();
    if (warp == 0) {
#pragma unroll
      for (int i = 0; i < 8; ++i) x[i] = shared[i * 32 + lane];
#pragma unroll
      for (int w = 4; w > 0; w /= 2) {
#pragma unroll
        for (int i = 0; i < w; ++i) x[i] = S::combine(x[i], x[i + w]);
      }
      push<S>(counter, x[0], (u64)(chunk - begin));
    }
  }
  return warp == 0 ? finish<S>(counter) : S::absent();
}
template <class S>
static __device__ __forceinline__ typename S::T combine_columns(const Arguments& a, const i64 first) {
  if (a.row_elements == 0) return S::identity();
  Counter<typename S::T> counter;
  counter.depth = 0;
  for (i64 group = 0; group < a.groups; ++group) {
    push<S>(counter, slot<S>(a, first + group * a.rows), (u64)group);
  }
  return finish<S>(counter);
}
)";
}

std::string_view scan_prelude() {
  return R"(
template <class S>
static __device__ __forceinline__ void scan_row(const Arguments& a, const Row& row, typename S::T* out, u64* room) {
  typedef typename S::T T;
  T* totals = (T*)room;
  const int lane = threadIdx.x & 31, warp = threadIdx.x / 32;
  const Index count = (Index)a.row_elements;
  T carry = S::absent();
  for (Index begin = 0; begin < count; begin += 1024) {
    T x[4];
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const Index place = begin + (i * 256 + warp * 32 + lane);
      x[i] = S::absent();
      if (place < count) x[i] = S::element(a, row, S::reverse ? count - 1 - place : place);
#pragma unroll
      for (int w = 1; w < 32; w *= 2) {
        const T before = S::shifted_up(x[i], w);
        if (lane >= w) x[i] = S::combine(before, x[i]);
      }
      if (lane == 31) totals[i * 8 + warp] = x[i];
    }
    __syncthreads();
    if (threadIdx.x == 0) {
      for (int b = 1; b < 32; ++b) totals[b] = S::combine(totals[b - 1], totals[b]);
    }
    __syncthreads();
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const int block = i * 8 + warp;
      if (block > 0) x[i] = S::combine(totals[block - 1], x[i]);
      if (begin > 0) x[i] = S::combine(carry, x[i]);
      const Index place = begin + (block * 32 + lane) + (S::exclusive ? 1 : 0);
      if (place < count) out[S::reverse ? count - 1 - place : place] = x[i];
    }
    carry = begin > 0 ? S::combine(carry, totals[31]) : totals[31];
    __syncthreads();
  }
  if (S::exclusive && count > 0 && threadIdx.x == 0) out[S::reverse ? count - 1 : 0] = S::identity();
  __syncthreads();
}
)";
}

}  // namespace tandem::backends::cuda
