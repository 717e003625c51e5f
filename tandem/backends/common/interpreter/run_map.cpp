// Kernels without rows: every point by itself, in any order.
#include <algorithm>
#include <cmath>

#include "tandem/backends/common/interpreter/drivers.h"
#include "tandem/backends/common/interpreter/worker.h"
#include "tandem/backends/common/thread_pool.h"
#include "tandem/kernel/float_environment.h"

namespace tandem::backends::common::interpreter {
namespace {

constexpr int64_t kShortestLine = 32;  // that is worth a tile of its own

// How early to ask for lines, no hardware seeing which comes next: so many elements, but few lines.
constexpr int64_t kElementsAhead = 3 * kTile;
constexpr int64_t kLinesAhead = 6;

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

// Whether some gather or scatter finds one index for all points of an inner line, so that it is a
// block of memory.
bool has_constant_index(const Launch& launch, const Space& space) {
  if (space.rank() < 2 || space.inner_extent() < kShortestLine) return false;
  for (const uint64_t sources : launch.program.passes[0].index_sources) {
    bool constant = true;
    for (size_t a = 0; a < launch.accesses.size(); ++a) {
      const bool is_source = (sources >> std::min<size_t>(a, 63) & 1) != 0;
      if (is_source && space.inner_stride(a) != 0) constant = false;
    }
    if (constant) return true;
  }
  return false;
}

// Line by line along the inner axis: what depends on the line alone is one vector.
void run_lines(const Launch& launch, const Space& space) {
  const size_t accesses = launch.accesses.size();
  const int inner = space.rank() - 1;
  Space columns;
  Space outer;
  columns.only_axis(space, inner, accesses);
  outer.remove_axis(space, inner, accesses);
  const int64_t pieces = (columns.size() + kTile - 1) / kTile;
  const int64_t grain = grain_of(launch.program.passes[0], std::min(columns.size(), kTile));
  parallel_for(outer.size() * pieces, grain, [&](int64_t begin, int64_t end) {
    const kernel::FloatEnvironment environment;
    Worker worker(launch);
    SmallArray<int64_t, 16> base(accesses);
    TileRange range;
    range.columns = &columns;
    range.base = base.data();
    const auto move_to = [&](int64_t piece) {
      for (size_t a = 0; a < accesses; ++a) base[a] = outer.offset(a, piece / pieces);
      range.begin = piece % pieces * kTile;
      range.count = range.pitch = std::min(kTile, columns.size() - range.begin);
    };
    const int64_t ahead = std::min(kLinesAhead, kElementsAhead / std::min(columns.size(), kTile));
    for (int64_t piece = begin; piece < end; ++piece) {
      if (piece + ahead < end) {
        move_to(piece + ahead);
        worker.prefetch_line(0, range);
      }
      move_to(piece);
      worker.run(0, range);
    }
  });
}

}  // namespace

int64_t grain_of(const Pass& pass, int64_t tile_elements) {
  const float tile_cost = static_cast<float>(tile_elements) * (pass.cost + 0.02f);
  return std::max<int64_t>(1, static_cast<int64_t>(kRangeNanoseconds / tile_cost));
}

void run_map(const Launch& launch) {
  if (launch.program.passes.empty()) return;
  Space space;
  Launch::Strides strides;
  launch.strides_from(0, strides);
  space.assign(launch.extents(0, launch.rank()), strides);
  if (space.size() == 0) return;
  if (has_constant_index(launch, space)) return run_lines(launch, space);
  const int axis = transposed_axis(launch, space);
  if (axis >= 0) {
    run_blocks(launch, space, axis);
  } else {
    run_linear(launch, space);
  }
}

}  // namespace tandem::backends::common::interpreter
