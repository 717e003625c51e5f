// Inner loops of the matrix products, one table per instruction set. Everything works on packed
// runs of a compute type (float, double, uint32, uint64); storage dtypes occur only in load and
// store.
#pragma once

#include <cstddef>
#include <cstdint>

#include "tandem/backends/common/gemm/problem.h"
#include "tandem/base/dtype.h"

namespace tandem::backends::common {

// Elements along k that one pass of `tile` covers at most, and the distance of two packed rows of
// a: the padding spreads the rows over the sets of the first-level cache.
inline constexpr int64_t kTileDepth = 256;
inline constexpr int64_t kTileRowStride = kTileDepth + 16;

// Inner loops of one compute type.
struct TileKernels {
  int rows;     // of a tile
  int columns;  // of a tile, a multiple of 4
  // c[rows, columns] (+)= a[rows, depth] @ b[depth, columns]: rows of a are kTileRowStride apart,
  // b is contiguous, c has the given stride. c and b are aligned to 64.
  void (*tile)(int64_t depth, const void* a, const void* b, void* c, int64_t c_stride,
               bool accumulate);
  // to[j][i] = from[i][j] for `rows` rows, rounded up to a multiple of 4 on both sides.
  void (*transpose)(const void* from, int64_t from_stride, int64_t rows, int64_t columns, void* to,
                    int64_t to_stride);
};

// Where `store` puts a run of a result, and the c of alpha * ab + beta * c beside it.
struct StoreTarget {
  void* out;
  int64_t out_stride;
  const void* c = nullptr;  // null: no scaling
  int64_t c_stride = 0;
  float alpha = 1;
  float beta = 0;
};

// The run of `problem` that begins at [row, column] of the `index`-th batch.
StoreTarget store_target(const Problem& problem, int64_t index, int64_t row, int64_t column);

// Conversions between runs of one storage dtype and its compute type. Strides in elements.
struct RunKernels {
  // Part 1 is the imaginary half of a complex64.
  void (*load)(const void* from, int64_t stride, int part, void* to, int64_t count);
  // `values` holds the run, and for complex64 `imaginary` its other half. Rounds once.
  void (*store)(const void* values, const void* imaginary, int64_t count,
                const StoreTarget& target);
};

// Products of a big matrix with at most kStreamRows packed rows: each element of the big one is
// read once.
inline constexpr int kStreamRows = 8;
struct StreamKernels {
  // result[i][r] = sum over j of big[r][j] * small[i][j], big contiguous along j. `small` is padded
  // with zeros to a multiple of 16 elements.
  void (*dot)(int count, int64_t big_rows, int64_t depth, const void* big, int64_t big_stride,
              const float* small, int64_t small_stride, float* result, int64_t result_stride);
  // result[i][j] += sum over r of small[i][r] * big[r][j], big contiguous along j.
  void (*axpy)(int count, int64_t columns, int64_t depth, const void* big, int64_t big_stride,
               const float* small, int64_t small_stride, float* result, int64_t result_stride);
};

struct Simd {
  const char* name;  // as TANDEM_ISA names it; neon where that has no name
  TileKernels f32;
  TileKernels f64;
  TileKernels u32;
  TileKernels u64;
  RunKernels runs[kDtypeCount];        // entries of bool are null
  StreamKernels streams[kDtypeCount];  // float16, bfloat16 and float32 only
};

// The table for this machine and TANDEM_ISA; null where neither AVX2 with FMA nor NEON is there or
// TANDEM_ISA is scalar.
const Simd* find_simd();
inline constexpr const char* kNoSimd =
    "needs AVX2 with FMA, or NEON, and TANDEM_ISA other than scalar";

const TileKernels& tile_kernels(const Simd& simd, Dtype dtype);

}  // namespace tandem::backends::common
