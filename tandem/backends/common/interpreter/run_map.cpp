// Kernels without rows: every point by itself, in any order.
#include <algorithm>
#include <cmath>

#include "tandem/backends/common/interpreter/drivers.h"
#include "tandem/backends/common/interpreter/worker.h"
#include "tandem/backends/common/thread_pool.h"
#include "tandem/kernel/float_environment.h"

namespace tandem::backends::common::interpreter {
namespace {

constexpr float kRangeNanoseconds = 8000;  // work that is worth handing to another thread
constexpr int64_t kBlock = 32;

// An axis, not the inner one, along which some strided access lies element by element; -1 if none.
int transposed_axis(const Launch& launch, const Space& space) {
  if (space.rank() < 2 || space.inner_extent() < 4) return -1;
  for (size_t a = 0; a < launch.accesses.size(); ++a) {
    const Access& access = launch.program.accesses[a];
    if (access.buffer == Access::kNoBuffer || access.indexed) continue;
    if (std::abs(space.inner_stride(a)) <= 2) continue;
    for (int axis = space.rank() - 1; axis-- > 0;) {
      if (std::abs(space.stride(a, axis)) == 1 && space.extent(axis) >= 4) return axis;
    }
  }
  return -1;
}

int64_t grain_of(const Pass& pass, int64_t tile_elements) {
  const float tile_cost = static_cast<float>(tile_elements) * (pass.cost + 0.02f);
  return std::max<int64_t>(1, static_cast<int64_t>(kRangeNanoseconds / tile_cost));
}

// Smaller tiles where the work is heavy and the elements are few, so that every thread has some.
int64_t tile_elements(const Pass& pass, int64_t size) {
  const int64_t threads = thread_count();
  const float total = static_cast<float>(size) * pass.cost;
  if (threads == 1 || size >= threads * kTile || total < 2 * kRangeNanoseconds) return kTile;
  const auto useful = std::min<int64_t>(threads, static_cast<int64_t>(total / kRangeNanoseconds));
  return std::clamp(whole_groups((size + useful - 1) / useful), kGroup, kTile);
}

void run_linear(const Launch& launch, const Space& space) {
  const Pass& pass = launch.program.passes[0];
  const int64_t elements = tile_elements(pass, space.size());
  const int64_t tiles = (space.size() + elements - 1) / elements;
  parallel_for(tiles, grain_of(pass, elements), [&](int64_t begin, int64_t end) {
    const kernel::FloatEnvironment environment;
    Worker worker(launch);
    for (int64_t tile = begin; tile < end; ++tile) {
      TileRange range;
      range.columns = &space;
      range.begin = tile * elements;
      range.count = std::min(elements, space.size() - range.begin);
      range.pitch = range.count;
      worker.run(0, range);
    }
  });
}

// Asks for the lines of a tile that lie along its columns: no hardware sees that coming.
void prefetch_columns(const Launch& launch, const TileRange& range) {
  for (size_t a = 0; a < launch.accesses.size(); ++a) {
    const Access& access = launch.program.accesses[a];
    if (access.buffer == Access::kNoBuffer || access.indexed) continue;
    if (range.rows->inner_stride(a) != 1 || launch.program.written[access.buffer]) continue;
    const int64_t line = int64_t{64} >> access.size_log2;
    const int64_t first = range.base[a] + range.rows->offset(a, range.row_begin);
    for (int64_t c = 0; c < range.count; ++c) {
      const int64_t column = first + range.columns->offset(a, range.begin + c);
      for (int64_t r = 0; r < range.row_count; r += line) {
        __builtin_prefetch(launch.accesses[a].data + ((column + r) << access.size_log2));
      }
    }
  }
}

// Tiles are rectangles of the inner axis and `axis`, so that accesses along either use whole lines.
void run_blocks(const Launch& launch, const Space& space, int axis) {
  const size_t accesses = launch.accesses.size();
  Space rows;
  Space columns;
  Space others;
  Space outer;
  rows.only_axis(space, axis, accesses);
  columns.only_axis(space, space.rank() - 1, accesses);
  others.remove_axis(space, space.rank() - 1, accesses);
  outer.remove_axis(others, axis, accesses);
  const int64_t width = std::min(columns.size(), kBlock);
  const int64_t height = std::min(rows.size(), kTile / width);
  // Neighbouring tiles in both directions share pages, which are dearer to find than lines.
  const int64_t tiles = (columns.size() / width) * (rows.size() / height) * outer.size();
  const auto tiles_each = static_cast<double>(tiles) / (thread_count() * 4);
  const int64_t side = std::clamp<int64_t>(static_cast<int64_t>(std::sqrt(tiles_each)), 1, 8);
  const int64_t across = (columns.size() + width * side - 1) / (width * side);
  const int64_t down = (rows.size() + height * side - 1) / (height * side);
  const Pass& pass = launch.program.passes[0];
  parallel_for(outer.size() * down * across, grain_of(pass, width * height * side * side),
               [&](int64_t begin, int64_t end) {
                 const kernel::FloatEnvironment environment;
                 Worker worker(launch);
                 std::vector<int64_t> base(accesses);
                 TileRange range;
                 range.columns = &columns;
                 range.rows = &rows;
                 range.base = base.data();
                 for (int64_t square = begin; square < end; ++square) {
                   for (size_t a = 0; a < accesses; ++a) {
                     base[a] = outer.offset(a, square / (down * across));
                   }
                   const int64_t left = square % across * width * side;
                   const int64_t top = square / across % down * height * side;
                   const auto move_to = [&](TileRange& to, int64_t tile) {
                     to.begin = left + tile % side * width;
                     to.count = std::min(width, columns.size() - to.begin);
                     to.row_begin = top + tile / side * height;
                     to.row_count = std::min(height, rows.size() - to.row_begin);
                     to.pitch = to.count;
                     return to.count > 0 && to.row_count > 0;
                   };
                   for (int64_t tile = 0; tile < side * side; ++tile) {
                     TileRange next = range;
                     if (move_to(next, tile + 1)) prefetch_columns(launch, next);
                     if (move_to(range, tile)) worker.run(0, range);
                   }
                 }
               });
}

}  // namespace

void run_map(const Launch& launch) {
  if (launch.program.passes.empty()) return;
  Space space;
  Launch::Strides strides;
  launch.strides_from(0, strides);
  space.assign(launch.extents(0, launch.rank()), strides);
  if (space.size() == 0) return;
  const int axis = transposed_axis(launch, space);
  if (axis >= 0) {
    run_blocks(launch, space, axis);
  } else {
    run_linear(launch, space);
  }
}

}  // namespace tandem::backends::common::interpreter
