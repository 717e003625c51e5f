// One pass over part of a block of rows, tile by tile.
#include <algorithm>

#include "tandem/backends/common/interpreter/row_run.h"

namespace tandem::backends::common::interpreter {

namespace {

constexpr int64_t kRowsAhead = 16;  // that tiles of columns ask for early

}  // namespace

void RowRun::run_part(Context& context, size_t number, int64_t block, int64_t first, int64_t last,
                      RowState& state, int64_t origin) const {
  const Pass& pass = program_.passes[number];
  if (pass.extent == kernel::Extent::row) {
    run_points(context, number, block, state, origin);
  } else if (cut_.by_columns) {
    run_columns(context, number, block, first, last, state, origin);
  } else {
    for (int64_t i = 0; i < points_of(block); ++i) {
      run_row(context, number, block * cut_.block + i, first, last, state, origin);
    }
  }
}

void RowRun::run_points(Context& context, size_t number, int64_t block, const RowState& state,
                        int64_t origin) const {
  TileRange range;
  range.columns = &parallel_;
  range.begin = block * cut_.block;
  range.count = range.pitch = points_of(block);
  context.worker.set_row_values(number, state, range.begin - origin, range.count, range.count, 1);
  context.worker.run(number, range);
}

void RowRun::run_columns(Context& context, size_t number, int64_t block, int64_t first,
                         int64_t last, const RowState& state, int64_t origin) const {
  const Pass& pass = program_.passes[number];
  TileRange range;
  range.columns = &parallel_;
  range.begin = block * cut_.block;
  range.count = points_of(block);
  range.rows = &reduced_;
  range.pitch = padded_columns(cut_.block);
  const int64_t height = kTile / range.pitch;
  context.worker.set_row_values(number, state, range.begin - origin, range.count, range.pitch,
                                height);
  Fold* const fold = pass.reduce ? context.folds[number].data() : nullptr;
  if (fold != nullptr) fold->begin();
  context.worker.begin_columns(number, range.pitch);
  const bool reverse = pass.scan && program_.combinations[*pass.scan]->reverse;
  const int64_t end = std::min(last * kTile, reduced_.size());
  for (int64_t j = first * kTile; j < end; j += range.row_count) {
    range.row_count = std::min({height, end - j, kTile - j % kTile});
    range.row_begin = reverse ? end - j - range.row_count : j;
    prefetch_rows(range, reverse ? -kRowsAhead : kRowsAhead);
    const int64_t kept = (range.begin - origin) / cut_.block * kept_block_elements();
    set_kept_rows(context.worker, state, kept, range.row_begin * range.pitch);
    context.worker.run(number, range);
    if (fold == nullptr) continue;
    fold->add_rows(context.worker.reduced_rows(number, range.elements()), range.row_count, j);
    if ((j + range.row_count) % kTile == 0 || j + range.row_count == end) fold->close_chunk();
  }
}

// Asks for the lines that a later tile finds across its rows: no hardware sees that coming.
void RowRun::prefetch_rows(const TileRange& range, int64_t ahead) const {
  const int64_t from = std::max<int64_t>(range.row_begin + ahead, 0);
  const int64_t to = std::min(range.row_begin + ahead + range.row_count, reduced_.size());
  for (size_t a = 0; a < launch_.accesses.size(); ++a) {
    const Access& access = program_.accesses[a];
    if (access.buffer == Access::kNoBuffer || access.indexed) continue;
    if (program_.written[access.buffer] || parallel_.inner_stride(a) != 1) continue;
    const int64_t unit = int64_t{1} << access.size_log2;
    const int64_t column = parallel_.offset(a, range.begin);
    for (int64_t row = from; row < to; ++row) {
      const std::byte* const at =
          launch_.accesses[a].data + (column + reduced_.offset(a, row)) * unit;
      for (int64_t byte = 0; byte < range.count * unit; byte += 64) __builtin_prefetch(at + byte);
    }
  }
}

void RowRun::move_to_row(Context& context, size_t number, int64_t point, const RowState& state,
                         int64_t origin) const {
  for (size_t a = 0; a < context.base.size(); ++a) context.base[a] = parallel_.offset(a, point);
  context.worker.set_row_values(number, state, point - origin);
}

void RowRun::run_row(Context& context, size_t number, int64_t point, int64_t first, int64_t last,
                     RowState& state, int64_t origin) const {
  const Pass& pass = program_.passes[number];
  Worker& worker = context.worker;
  move_to_row(context, number, point, state, origin);
  if (context.carry) {
    worker.resume_row(*context.carry);
  } else {
    worker.begin_row();
  }
  Fold* const fold = pass.reduce ? context.folds[number].data() : nullptr;
  if (fold != nullptr) fold->begin();
  for (int64_t chunk = first; chunk < last; ++chunk) {
    const int64_t from = chunk * kTile;
    const TileRange range = chunk_range(context, pass, chunk);
    set_kept_rows(worker, state, (point - origin) * kept_row_elements(), range.begin);
    worker.run(number, range);
    if (fold == nullptr) continue;
    const Combination& how = *program_.combinations[*pass.reduce];
    fold->add_chunk(worker.reduced_value(number, range.count, how.absent), range.count, from);
  }
  if (fold != nullptr && keeps_results_itself()) {
    std::span<uint64_t> results = state.results[*pass.reduce];
    fold->read(fold->finish(), results.subspan(static_cast<size_t>(point - origin), 1));
  }
}

// The chunk in the order of the pass: a reverse scan counts from the end.
TileRange RowRun::chunk_range(const Context& context, const Pass& pass, int64_t chunk) const {
  const bool reverse = pass.scan && program_.combinations[*pass.scan]->reverse;
  const int64_t from = chunk * kTile;
  TileRange range;
  range.columns = &reduced_;
  range.base = context.base.data();
  range.count = range.pitch = std::min(kTile, reduced_.size() - from);
  range.begin = reverse ? reduced_.size() - from - range.count : from;
  return range;
}

// `first` is the element at which the rows of the block, or the row of the point, begin.
void RowRun::set_kept_rows(Worker& worker, const RowState& state, int64_t first,
                           int64_t position) const {
  for (size_t row = 0; row < state.kept.size(); ++row) {
    const size_t size = tile_size(program_.kept[row]);
    worker.set_kept(row, state.kept[row] + static_cast<size_t>(first) * size, position);
  }
}

}  // namespace tandem::backends::common::interpreter
