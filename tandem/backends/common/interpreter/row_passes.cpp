// Few rows for many threads: all threads work on parts of one pass, then on the next.
#include <algorithm>
#include <cstring>

#include "tandem/backends/common/cache_size.h"
#include "tandem/backends/common/interpreter/row_run.h"
#include "tandem/backends/common/thread_pool.h"

namespace tandem::backends::common::interpreter {

void RowRun::run_by_pass() {
  RowState state = make_state(parallel_.size(), cut_.blocks);
  for (size_t number = 0; number < program_.passes.size(); ++number) {
    const Pass& pass = program_.passes[number];
    const bool split =
        pass.extent == kernel::Extent::element && (cut_.by_columns ? !pass.scan : cut_.block == 1);
    const int64_t groups = split ? cut_.groups : 1;
    std::vector<std::byte> partials;
    size_t entry = 0;
    if (pass.reduce) {
      entry = Fold(*program_.combinations[*pass.reduce], fold_width(), false).entry_bytes();
      partials.resize(static_cast<size_t>(cut_.blocks * groups) * entry);
    }
    if (pass.scan && groups > 1) {
      run_scan_waves(number, state, partials, entry);
    } else {
      run_groups(number, {0, groups, groups}, {}, state, partials, entry);
    }
    if (pass.reduce && !keeps_results_itself()) {
      combine_partials(number, groups, partials, entry, state);
    }
  }
}

// `carries` are those of the groups, block by block, where a scan crosses them.
void RowRun::run_groups(size_t number, Groups groups, const std::vector<uint64_t>& carries,
                        RowState& state, std::vector<std::byte>& partials, size_t entry) const {
  const bool keeps_partials = program_.passes[number].reduce.has_value() && !keeps_results_itself();
  parallel_for(cut_.blocks * groups.count(), 1, [&](int64_t begin, int64_t end) {
    Context context(*this);
    for (int64_t unit = begin; unit < end; ++unit) {
      const int64_t block = unit / groups.count();
      const int64_t group = groups.begin + unit % groups.count();
      const int64_t first = group * cut_.group;
      const int64_t last =
          groups.all == 1 ? cut_.chunks : std::min(first + cut_.group, cut_.chunks);
      context.carry.reset();
      if (!carries.empty() && group > 0) context.carry = carries[static_cast<size_t>(unit)];
      run_part(context, number, block, first, last, state, 0);
      if (keeps_partials) {
        std::memcpy(partials.data() + static_cast<size_t>(block * groups.all + group) * entry,
                    context.folds[number][0].finish(), entry);
      }
    }
  });
}

// A scan of few long rows reads its input twice, first for the last value of each chunk: as much
// at a time as stays in the cache.
void RowRun::run_scan_waves(size_t number, RowState& state, std::vector<std::byte>& partials,
                            size_t entry) const {
  const int64_t rows = parallel_.size();
  const int64_t group_bytes = rows * cut_.group * kTile * (row_bytes() / reduced_.size());
  const int64_t wave = std::max<int64_t>(thread_count(), cache_bytes(3) / 4 / group_bytes);
  std::vector<uint64_t> last(static_cast<size_t>(rows), 0);
  for (int64_t begin = 0; begin < cut_.groups; begin += wave) {
    const Groups groups{begin, std::min(begin + wave, cut_.groups), cut_.groups};
    const std::vector<uint64_t> carries = scan_carries(number, groups, state, last);
    run_groups(number, groups, carries, state, partials, entry);
  }
}

void RowRun::combine_partials(size_t number, int64_t groups, const std::vector<std::byte>& partials,
                              size_t entry, RowState& state) const {
  const kernel::FloatEnvironment environment;
  Fold fold(*program_.combinations[*program_.passes[number].reduce], fold_width(),
            program_.folds_left);
  for (int64_t block = 0; block < cut_.blocks; ++block) {
    fold.begin();
    if (cut_.chunks > 0) {
      for (int64_t g = 0; g < groups; ++g) {
        fold.push(partials.data() + static_cast<size_t>(block * groups + g) * entry);
      }
    }
    take_results(fold, fold.finish(), number, block, state, 0);
  }
}

// For each row and group the last value of the scan before it, as an element; unused at the start
// of the row. `last` are the values before the groups, and becomes those behind them.
std::vector<uint64_t> RowRun::scan_carries(size_t number, Groups groups, RowState& state,
                                           std::vector<uint64_t>& last) const {
  const Pass& pass = program_.passes[number];
  const Combination& how = *program_.combinations[*pass.scan];
  const int64_t begin_chunk = groups.begin * cut_.group;
  const int64_t chunks = std::min(groups.end * cut_.group, cut_.chunks) - begin_chunk;
  std::vector<uint64_t> totals(static_cast<size_t>(parallel_.size() * chunks));
  parallel_for(parallel_.size() * chunks, 16, [&](int64_t begin, int64_t end) {
    Context context(*this);
    int64_t at = -1;
    for (int64_t unit = begin; unit < end; ++unit) {
      const int64_t row = unit / chunks;
      if (row != at) move_to_row(context, number, row, state, 0);
      at = row;
      const TileRange range = chunk_range(context, pass, begin_chunk + unit % chunks);
      set_kept_rows(context.worker, state, row * kept_row_elements(), range.begin);
      totals[static_cast<size_t>(unit)] = context.worker.scan_total(number, range);
    }
  });
  const kernel::FloatEnvironment environment;
  std::vector<uint64_t> carries;
  for (size_t row = 0; row < last.size(); ++row) {
    const uint64_t* const total = totals.data() + row * static_cast<size_t>(chunks);
    for (int64_t chunk = 0; chunk < chunks; ++chunk) {
      if (chunk % cut_.group == 0) carries.push_back(tile_bits(how.type, last[row]));
      const uint64_t operands[] = {last[row], total[chunk]};
      last[row] = begin_chunk + chunk == 0 ? total[0] : how.scalar(operands);
    }
  }
  return carries;
}

}  // namespace tandem::backends::common::interpreter
