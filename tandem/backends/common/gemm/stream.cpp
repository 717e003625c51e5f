// Products with at most kStreamRows rows or columns: the big operand is read once, in its own
// order.
#include <algorithm>
#include <cstring>

#include "tandem/backends/common/gemm/implementation.h"
#include "tandem/backends/common/gemm/scratch.h"
#include "tandem/backends/common/gemm/simd.h"
#include "tandem/backends/common/thread_pool.h"
#include "tandem/kernel/float_environment.h"

namespace tandem::backends::common {
namespace {

constexpr int64_t kPadding = 16;          // elements the small operand's rows are rounded up to
constexpr int64_t kPieceBytes = 1 << 16;  // of the big operand, worth a second thread

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

// A problem turned so that the small operand is a.
Problem oriented(const Problem& problem) {
  Problem turned = problem;
  if (problem.m > problem.n) turned.transpose();
  return turned;
}

// How the work is cut; `depth`, the cut that sums depend on, follows from the shape alone.
struct Split {
  bool dot;         // big operand contiguous along k
  int64_t columns;  // of one piece
  int64_t depth;
  int64_t column_pieces;
  int64_t depth_pieces;
};

Split split_of(const Problem& problem) {
  Split split;
  split.dot = problem.b.column_major() && problem.n > 0;
  const int64_t depth_unit = split.dot ? 8192 : 1024;
  const int64_t few_columns = split.dot ? 128 : 2048;
  const bool deep = problem.n < few_columns && problem.k >= 2 * depth_unit;
  split.depth = deep ? depth_unit : std::max<int64_t>(problem.k, 1);
  split.depth_pieces = ceil_div(problem.k, split.depth);
  const int64_t wanted = ceil_div(problem.n, 4 * static_cast<int64_t>(thread_count()));
  split.columns = split.dot ? std::clamp<int64_t>(ceil_div(wanted, 8) * 8, 8, 256)
                            : std::clamp<int64_t>(ceil_div(wanted, 64) * 64, 256,
                                                  4096 / std::min<int64_t>(problem.m, 4));
  split.column_pieces = ceil_div(problem.n, split.columns);
  return split;
}

class StreamProduct {
 public:
  StreamProduct(const Problem& problem, const Simd& simd, int64_t index)
      : problem_(problem),
        split_(split_of(problem)),
        runs_(simd.runs[static_cast<size_t>(problem.dtype)]),
        kernels_(simd.streams[static_cast<size_t>(problem.dtype)]),
        element_(static_cast<int64_t>(size_of(problem.dtype))),
        index_(index),
        small_stride_(ceil_div(problem.k, kPadding) * kPadding),
        small_(static_cast<size_t>(problem.m * small_stride_) * sizeof(float)),
        sums_(static_cast<size_t>(split_.depth_pieces * problem.m * problem.n) * sizeof(float)) {}

  void run() {
    pack_small();
    const int64_t piece_bytes = std::min(split_.columns, problem_.n) * split_.depth * element_;
    parallel_for(split_.column_pieces * split_.depth_pieces,
                 std::max<int64_t>(1, kPieceBytes / piece_bytes), [&](int64_t begin, int64_t end) {
                   const kernel::FloatEnvironment floats;
                   for (int64_t piece = begin; piece < end; ++piece) run_piece(piece);
                 });
    if (split_.depth_pieces == 1) return;
    const kernel::FloatEnvironment floats;
    add_pieces();
    store(0, problem_.n);
  }

 private:
  void pack_small() {
    float* to = small_.as<float>();
    const std::byte* from = problem_.at(problem_.a, index_);
    for (int64_t i = 0; i < problem_.m; ++i, to += small_stride_) {
      runs_.load(from + i * problem_.a.row * element_, problem_.a.column, 0, to, problem_.k);
      std::fill(to + problem_.k, to + small_stride_, 0.0F);
    }
  }

  void run_piece(int64_t piece) {
    const int64_t column = piece % split_.column_pieces * split_.columns;
    const int64_t columns = std::min(split_.columns, problem_.n - column);
    const int64_t depth_piece = piece / split_.column_pieces;
    const int64_t k = depth_piece * split_.depth;
    const int64_t depth = std::min(split_.depth, problem_.k - k);
    const std::byte* big = problem_.at(problem_.b, index_) +
                           (k * problem_.b.row + column * problem_.b.column) * element_;
    const float* small = small_.as<float>() + k;
    float* sums = sums_.as<float>() + depth_piece * problem_.m * problem_.n + column;
    for (int64_t i = 0; i < problem_.m; i += kStreamRows) {
      const int rows = static_cast<int>(std::min<int64_t>(kStreamRows, problem_.m - i));
      run_rows(rows, columns, depth, big, small + i * small_stride_, sums + i * problem_.n);
    }
    if (split_.depth_pieces == 1) store(column, columns);
  }

  void run_rows(int rows, int64_t columns, int64_t depth, const std::byte* big, const float* small,
                float* sums) const {
    if (split_.dot) {
      kernels_.dot(rows, columns, depth, big, problem_.b.column, small, small_stride_, sums,
                   problem_.n);
      return;
    }
    for (int64_t i = 0; i < rows; ++i) {
      std::fill(sums + i * problem_.n, sums + i * problem_.n + columns, 0.0F);
    }
    kernels_.axpy(rows, columns, depth, big, problem_.b.row, small, small_stride_, sums,
                  problem_.n);
  }

  void add_pieces() {
    float* sums = sums_.as<float>();
    const int64_t size = problem_.m * problem_.n;
    for (int64_t piece = 1; piece < split_.depth_pieces; ++piece) {
      for (int64_t i = 0; i < size; ++i) sums[i] += sums[piece * size + i];
    }
  }

  void store(int64_t column, int64_t columns) {
    for (int64_t i = 0; i < problem_.m; ++i) {
      runs_.store(sums_.as<float>() + i * problem_.n + column, nullptr, columns,
                  store_target(problem_, index_, i, column));
    }
  }

  const Problem& problem_;
  Split split_;
  const RunKernels& runs_;
  const StreamKernels& kernels_;
  int64_t element_;
  int64_t index_;
  int64_t small_stride_;
  Scratch small_;
  Scratch sums_;  // [depth piece][m][n]
};

std::string declines_dtype(Dtype dtype, bool) {
  if (size_of(dtype) > 4 || !is_floating(dtype)) return "only float16, bfloat16 and float32";
  return find_simd() == nullptr ? kNoSimd : "";
}

// Rows up to which this beats the later entries: float16 has only the blocked product behind it.
int64_t max_rows(Dtype dtype, const MatrixView& big) {
  if (dtype == Dtype::float16) return 4 * kStreamRows;
  return dtype == Dtype::float32 && !big.row_major() ? 2 * kStreamRows : kStreamRows;
}

std::string_view declines(const Problem& problem) {
  if (find_simd() == nullptr) return kNoSimd;
  const Problem turned = oriented(problem);
  if (turned.m > max_rows(problem.dtype, turned.b)) return "too many rows and columns";
  if (problem.k == 0) return "nothing to sum";
  if (!turned.b.row_major() && !turned.b.column_major())
    return "big operand not contiguous on either axis";
  return "";
}

void run(const Problem& problem) {
  const Problem turned = oriented(problem);
  const Simd& simd = *find_simd();
  const int64_t bytes = turned.n * turned.k * static_cast<int64_t>(size_of(turned.dtype));
  parallel_for(turned.batch_count(), std::max<int64_t>(1, kPieceBytes / bytes),
               [&](int64_t begin, int64_t end) {
                 for (int64_t index = begin; index < end; ++index) {
                   StreamProduct(turned, simd, index).run();
                 }
               });
}

}  // namespace

const Implementation kStreamImplementation = {"stream", declines_dtype, declines, run};

}  // namespace tandem::backends::common
