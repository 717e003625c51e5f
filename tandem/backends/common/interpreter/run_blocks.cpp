// Maps over two axes at a time: transposes and what comes with them.
#include <algorithm>
#include <cmath>
#include <optional>

#include "tandem/backends/common/interpreter/drivers.h"
#include "tandem/backends/common/interpreter/worker.h"
#include "tandem/backends/common/thread_pool.h"
#include "tandem/kernel/float_environment.h"

namespace tandem::backends::common::interpreter {
namespace {

constexpr int64_t kBlock = 32;
constexpr int64_t kCopied = 128;  // rows and columns of a tile that is only copied

// A kernel that is one load and one store of the same dtype moves elements as they are.
struct Copy {
  uint16_t from = 0, to = 0;  // accesses
};
std::optional<Copy> copy_of(const Launch& launch) {
  const std::vector<Step>& steps = launch.program.passes[0].steps;
  if (steps.size() != 2 || steps[0].kind != StepKind::load || steps[1].kind != StepKind::store) {
    return std::nullopt;
  }
  const Copy copy{steps[0].access, steps[1].access};
  const Access& from = launch.program.accesses[copy.from];
  const Access& to = launch.program.accesses[copy.to];
  // A stored bool may be any byte but 0; parts of complex elements lie apart.
  const bool plain = from.dtype == to.dtype && from.dtype != Dtype::bool_ && from.scale == 1;
  const bool apart = !launch.accesses[copy.from].aliased && !launch.accesses[copy.from].fixed;
  if (!plain || !apart || launch.program.drops_tail || launch.program.slips_stride) {
    return std::nullopt;
  }
  return copy;
}

// Whether the load lies along the rows and the store along the columns.
bool turns(const Copy& copy, const Space& rows, const Space& columns) {
  return rows.inner_stride(copy.from) == 1 && columns.inner_stride(copy.to) == 1;
}

void run_copy(const Launch& launch, const Copy& copy, const Space& rows, const Space& columns,
              const Space& outer) {
  const Access& access = launch.program.accesses[copy.from];
  const TransposeFunction transpose = launch.program.table->transpose[access.size_log2];
  const BoundAccess& from = launch.accesses[copy.from];
  const BoundAccess& to = launch.accesses[copy.to];
  const auto place = [&](const BoundAccess& bound, uint16_t number, int64_t block, int64_t row) {
    const int64_t offset = outer.offset(number, block) + row * rows.inner_stride(number);
    return bound.data + (offset << access.size_log2);
  };
  const int64_t bands = (rows.size() + kCopied - 1) / kCopied;
  const int64_t unit = int64_t{1} << access.size_log2;
  const int64_t band_bytes = kCopied * columns.size() * unit;
  const int64_t grain = std::max<int64_t>(1, (int64_t{128} << 10) / band_bytes);
  parallel_for(outer.size() * bands, grain, [&](int64_t begin, int64_t end) {
    for (int64_t band = begin; band < end; ++band) {
      const int64_t row = band % bands * kCopied;
      const int64_t count = std::min(kCopied, rows.size() - row);
      const std::byte* const source = place(from, copy.from, band / bands, row);
      std::byte* const target = place(to, copy.to, band / bands, row);
      for (int64_t c = 0; c < columns.size(); c += kCopied) {
        const int64_t width = std::min(kCopied, columns.size() - c);
        transpose(target + c * unit, rows.inner_stride(copy.to),
                  source + c * columns.inner_stride(copy.from) * unit,
                  columns.inner_stride(copy.from), count, width, to.streams);
      }
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

}  // namespace

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
  const std::optional<Copy> copy = copy_of(launch);
  if (copy && turns(*copy, rows, columns)) {
    return run_copy(launch, *copy, rows, columns, outer);
  }
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

}  // namespace tandem::backends::common::interpreter
