// The packed, blocked product of every dtype: b is packed once into panels for all rows, then tiles
// of rows and columns are computed side by side, each summing its blocks of k in order.
#include <algorithm>
#include <array>
#include <cstring>

#include "tandem/backends/common/gemm/implementation.h"
#include "tandem/backends/common/gemm/scratch.h"
#include "tandem/backends/common/gemm/simd.h"
#include "tandem/backends/common/thread_pool.h"
#include "tandem/kernel/float_environment.h"

namespace tandem::backends::common {
namespace {

constexpr int64_t kPackedBytes = int64_t{4}
                                 << 20;  // of b at a time: stays in the caches until used
constexpr int64_t kMaxRows = 192;  // of a tile of work whose sums and rows of a fill half an L2
constexpr int64_t kMaxColumns = 512;
constexpr int64_t kPanelGroup = 8;      // panels packed together
constexpr int64_t kMinFlops = 1 << 20;  // worth a second thread

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

// A complex product is four real ones on halves of the operands.
struct Pass {
  int a_plane;
  int b_plane;
  int c_plane;
};
constexpr std::array<Pass, 1> kRealPasses = {{{0, 0, 0}}};
// Planes of a: real, imaginary, minus imaginary.
constexpr std::array<Pass, 4> kComplexPasses = {{{0, 0, 0}, {2, 1, 0}, {0, 1, 1}, {1, 0, 1}}};

// The product of one batch. T is the compute type.
template <class T>
class BlockedProduct {
 public:
  BlockedProduct(const Problem& problem, const Simd& simd, int64_t index)
      : problem_(problem),
        kernels_(tile_kernels(simd, problem.dtype)),
        runs_(simd.runs[static_cast<size_t>(problem.dtype)]),
        element_(static_cast<int64_t>(size_of(problem.dtype))),
        complex_(is_complex(problem.dtype)),
        index_(index),
        a_(problem.at(problem.a, index)),
        b_(problem.at(problem.b, index)),
        blocks_(ceil_div(problem.k, kTileDepth)) {}

  void run() {
    const int64_t panel = b_planes() * problem_.k * kernels_.columns * sizeof_t();
    const int64_t panels = ceil_div(problem_.n, kernels_.columns);
    const int64_t at_once =
        std::clamp<int64_t>(kPackedBytes / std::max<int64_t>(panel, 1), 1, panels);
    const Scratch packed(static_cast<size_t>(at_once * std::max<int64_t>(panel, 1)));
    for (int64_t first = 0; first < panels; first += at_once) {
      run_panels(first, std::min(at_once, panels - first), packed.as<T>());
    }
  }

 private:
  static constexpr int64_t sizeof_t() { return static_cast<int64_t>(sizeof(T)); }
  int64_t b_planes() const { return complex_ ? 2 : 1; }
  int64_t a_planes() const { return complex_ ? 3 : 1; }
  bool wide() const { return complex_ || sizeof(T) == 8; }
  int64_t max_rows() const { return wide() ? kMaxRows / 2 : kMaxRows; }
  int64_t max_columns() const { return wide() ? kMaxColumns / 2 : kMaxColumns; }
  int64_t depth_of(int64_t block) const {
    return std::min(kTileDepth, problem_.k - block * kTileDepth);
  }

  // Where plane 0 of a packed panel lies: all of a block of k together, panel by panel.
  int64_t panel_offset(int64_t block, int64_t panel, int64_t panels) const {
    return kernels_.columns * b_planes() * (block * kTileDepth * panels + panel * depth_of(block));
  }

  // The columns of `panels` panels from panel `first` on, all rows.
  void run_panels(int64_t first, int64_t panels, T* packed) {
    const int64_t groups = ceil_div(panels, kPanelGroup);
    const int64_t piece_work = kTileDepth * kernels_.columns * kPanelGroup * 16;
    parallel_for(blocks_ * groups, std::max<int64_t>(1, kMinFlops / piece_work),
                 [&](int64_t begin, int64_t end) {
                   const kernel::FloatEnvironment floats;
                   for (int64_t piece = begin; piece < end; ++piece) {
                     pack_group(piece / groups, first, piece % groups * kPanelGroup, panels,
                                packed);
                   }
                 });
    const int64_t column_begin = first * kernels_.columns;
    const int64_t column_end = std::min(problem_.n, (first + panels) * kernels_.columns);
    const int64_t tile_columns =
        std::min(max_columns() / kernels_.columns, panels) * kernels_.columns;
    const int64_t column_tiles = ceil_div(column_end - column_begin, tile_columns);
    const int64_t tile_rows = choose_rows(column_tiles);
    const int64_t row_tiles = ceil_div(problem_.m, tile_rows);
    const int64_t tile_flops = 2 * tile_rows * tile_columns * std::max<int64_t>(problem_.k, 1);
    parallel_for(row_tiles * column_tiles, std::max<int64_t>(1, kMinFlops / tile_flops),
                 [&](int64_t begin, int64_t end) {
                   const kernel::FloatEnvironment floats;
                   for (int64_t tile = begin; tile < end; ++tile) {
                     const int64_t row = tile % row_tiles * tile_rows;
                     const int64_t panel = tile / row_tiles * tile_columns / kernels_.columns;
                     run_tile(row, std::min(tile_rows, problem_.m - row), first, panel,
                              std::min(tile_columns / kernels_.columns, panels - panel), panels,
                              packed);
                   }
                 });
  }

  // Rows of a tile of work: large, unless that leaves threads without any. No sum depends on it.
  int64_t choose_rows(int64_t column_tiles) const {
    const int64_t wanted = 3 * static_cast<int64_t>(thread_count());
    int64_t rows = max_rows() / kernels_.rows * kernels_.rows;
    while (rows > 4 * kernels_.rows && ceil_div(problem_.m, rows) * column_tiles < wanted) {
      rows = ceil_div(rows / 2, kernels_.rows) * kernels_.rows;
    }
    return rows;
  }

  // A block of k of neighbouring panels: to[k][column] of each, one plane after the other, columns
  // beyond n as zeros. Where b is row-major the panels are filled side by side, so that rows are
  // read in long runs.
  void pack_group(int64_t block, int64_t first, int64_t begin, int64_t panels, T* packed) const {
    const int64_t end = std::min(begin + kPanelGroup, panels);
    const int64_t width = kernels_.columns;
    const int64_t depth = depth_of(block);
    const bool turned = problem_.b.column_major() && !problem_.b.row_major();
    for (int part = 0; part < b_planes(); ++part) {
      const auto target = [&](int64_t panel) {
        return packed + panel_offset(block, panel, panels) + part * depth * width;
      };
      const auto source = [&](int64_t panel, int64_t k) {
        return b_ + ((block * kTileDepth + k) * problem_.b.row +
                     (first + panel) * width * problem_.b.column) *
                        element_;
      };
      const auto columns = [&](int64_t panel) {
        return std::min(width, problem_.n - (first + panel) * width);
      };
      if (columns(end - 1) < width) {
        std::memset(static_cast<void*>(target(end - 1)), 0,
                    static_cast<size_t>(depth * width) * sizeof(T));
      }
      if (turned) {
        for (int64_t panel = begin; panel < end; ++panel) {
          pack_transposed(source(panel, 0), problem_.b.column, columns(panel), depth, part,
                          target(panel), width);
        }
        continue;
      }
      for (int64_t k = 0; k < depth; ++k) {
        for (int64_t panel = begin; panel < end; ++panel) {
          runs_.load(source(panel, k), problem_.b.column, part, target(panel) + k * width,
                     columns(panel));
        }
      }
    }
  }

  // Runs of `length` contiguous elements, `stride` apart, become columns of `to`.
  void pack_transposed(const std::byte* from, int64_t stride, int64_t count, int64_t length,
                       int part, T* to, int64_t to_stride) const {
    constexpr int64_t kLength = 32;
    alignas(64) T lines[4 * kLength];
    alignas(64) T turned[4 * kLength];
    for (int64_t i = 0; i < count; i += 4) {
      const int64_t some = std::min<int64_t>(4, count - i);
      for (int64_t j = 0; j < length; j += kLength) {
        const int64_t size = std::min(kLength, length - j);
        if (some < 4 || size < kLength) std::memset(lines, 0, sizeof lines);
        for (int64_t line = 0; line < some; ++line) {
          runs_.load(from + ((i + line) * stride + j) * element_, 1, part, lines + line * kLength,
                     size);
        }
        if (some == 4 && size % 4 == 0) {
          kernels_.transpose(lines, kLength, 4, size, to + j * to_stride + i, to_stride);
          continue;
        }
        kernels_.transpose(lines, kLength, 4, kLength, turned, 4);
        for (int64_t k = 0; k < size; ++k) {
          std::memcpy(to + (j + k) * to_stride + i, turned + 4 * k,
                      static_cast<size_t>(some) * sizeof(T));
        }
      }
    }
  }

  // to[row][k], rows kTileRowStride apart, one plane after the other; rows up to a whole tile are
  // zero.
  void pack_a(int64_t row, int64_t rows, int64_t block, T* to, int64_t plane_size) const {
    const int64_t depth = depth_of(block);
    const std::byte* from =
        a_ + (row * problem_.a.row + block * kTileDepth * problem_.a.column) * element_;
    const int64_t whole = ceil_div(rows, kernels_.rows) * kernels_.rows;
    for (int part = 0; part < b_planes(); ++part) {
      T* plane = to + part * plane_size;
      std::memset(plane + rows * kTileRowStride, 0,
                  static_cast<size_t>((whole - rows) * kTileRowStride) * sizeof(T));
      if (problem_.a.column_major() && !problem_.a.row_major()) {
        pack_transposed(from, problem_.a.column, depth, rows, part, plane, kTileRowStride);
        continue;
      }
      for (int64_t i = 0; i < rows; ++i) {
        runs_.load(from + i * problem_.a.row * element_, problem_.a.column, part,
                   plane + i * kTileRowStride, depth);
      }
    }
    if (!complex_) return;
    const T* imaginary = to + plane_size;
    T* negated = to + 2 * plane_size;
    for (int64_t i = 0; i < whole * kTileRowStride; ++i) negated[i] = -imaginary[i];
  }

  // The part of the result at `row` and panel `panel` of this round, which began at panel `first`.
  void run_tile(int64_t row, int64_t rows, int64_t first, int64_t panel, int64_t panel_count,
                int64_t panels, const T* packed) const {
    const int64_t whole = ceil_div(rows, kernels_.rows) * kernels_.rows;
    const int64_t width = panel_count * kernels_.columns;
    const int64_t a_plane = whole * kTileRowStride;
    const int64_t c_plane = whole * width;
    const Scratch a_packed(static_cast<size_t>(a_planes() * a_plane) * sizeof(T));
    const Scratch sums(static_cast<size_t>(b_planes() * c_plane) * sizeof(T));
    T* a = a_packed.template as<T>();
    T* c = sums.template as<T>();
    if (blocks_ == 0) {
      std::memset(static_cast<void*>(c), 0, static_cast<size_t>(b_planes() * c_plane) * sizeof(T));
    }
    for (int64_t block = 0; block < blocks_; ++block) {
      pack_a(row, rows, block, a, a_plane);
      for (int64_t p = 0; p < panel_count; ++p) {
        const T* b = packed + panel_offset(block, panel + p, panels);
        for (int64_t i = 0; i < whole; i += kernels_.rows) {
          run_passes(block, a + i * kTileRowStride, a_plane, b,
                     c + i * width + p * kernels_.columns, c_plane, width);
        }
      }
    }
    store_tile(row, rows, (first + panel) * kernels_.columns, width, c, c_plane);
  }

  void run_passes(int64_t block, const T* a, int64_t a_plane, const T* b, T* c, int64_t c_plane,
                  int64_t width) const {
    const int64_t depth = depth_of(block);
    const int64_t b_plane = depth * kernels_.columns;
    const Pass* passes = complex_ ? kComplexPasses.data() : kRealPasses.data();
    const int count = complex_ ? 4 : 1;
    for (int i = 0; i < count; ++i) {
      const bool accumulate = block > 0 || i % 2 == 1;
      kernels_.tile(depth, a + passes[i].a_plane * a_plane, b + passes[i].b_plane * b_plane,
                    c + passes[i].c_plane * c_plane, width, accumulate);
    }
  }

  void store_tile(int64_t row, int64_t rows, int64_t column, int64_t width, const T* c,
                  int64_t c_plane) const {
    const int64_t columns = std::min(width, problem_.n - column);
    for (int64_t i = 0; i < rows; ++i) {
      runs_.store(c + i * width, c + c_plane + i * width, columns,
                  store_target(problem_, index_, row + i, column));
    }
  }

  const Problem& problem_;
  const TileKernels& kernels_;
  const RunKernels& runs_;
  int64_t element_;
  bool complex_;
  int64_t index_;  // of the batch
  const std::byte* a_;
  const std::byte* b_;
  int64_t blocks_;  // of k
};

template <class T>
void run_batches(const Problem& problem, const Simd& simd) {
  const int64_t flops = 2 * problem.m * problem.n * std::max<int64_t>(problem.k, 1);
  parallel_for(problem.batch_count(), std::max<int64_t>(1, kMinFlops / std::max<int64_t>(flops, 1)),
               [&](int64_t begin, int64_t end) {
                 for (int64_t index = begin; index < end; ++index) {
                   BlockedProduct<T>(problem, simd, index).run();
                 }
               });
}

std::string declines_dtype(Dtype dtype, bool scaled) {
  if (dtype == Dtype::bool_) return "bool has no sum of products";
  if (scaled && is_integer(dtype)) return "alpha and beta are not integers";
  return find_simd() == nullptr ? kNoSimd : "";
}

std::string_view declines(const Problem&) { return find_simd() == nullptr ? kNoSimd : ""; }

void run(const Problem& problem) {
  const Simd& simd = *find_simd();
  if (problem.dtype == Dtype::float64) return run_batches<double>(problem, simd);
  if (!is_integer(problem.dtype)) return run_batches<float>(problem, simd);
  if (size_of(problem.dtype) == 8) return run_batches<uint64_t>(problem, simd);
  run_batches<uint32_t>(problem, simd);
}

}  // namespace

const Implementation kBlockedImplementation = {"blocked", declines_dtype, declines, run};

}  // namespace tandem::backends::common
