// Kernels with rows: Reduce and Scan stages and what uses their results.
#include <algorithm>

#include "tandem/backends/common/interpreter/drivers.h"
#include "tandem/backends/common/interpreter/row_run.h"
#include "tandem/backends/common/thread_pool.h"

namespace tandem::backends::common::interpreter {

RowRun::RowRun(const Launch& launch) : launch_(launch), program_(launch.program) {
  Launch::Strides strides;
  launch.strides_from(0, strides);
  parallel_.assign(launch.extents(0, program_.parallel_rank), strides);
  launch.strides_from(program_.parallel_rank, strides);
  reduced_.assign(launch.extents(program_.parallel_rank, launch.rank()), strides);
  choose_cut();
}

RowRun::Context::Context(const RowRun& run)
    : worker(run.launch_), base(run.launch_.accesses.size()), folds(run.program_.passes.size()) {
  for (size_t p = 0; p < folds.size(); ++p) {
    const Pass& pass = run.program_.passes[p];
    if (!pass.reduce) continue;
    folds[p].emplace_back(*run.program_.combinations[*pass.reduce],
                          run.cut_.by_columns ? run.cut_.block : 1, run.program_.folds_left);
  }
}

void RowRun::run() {
  if (parallel_.size() == 0) return;
  if (cut_.by_pass) {
    run_by_pass();
  } else {
    run_by_block();
  }
}

void RowRun::run_by_block() {
  const int64_t block_elements = std::max<int64_t>(1, cut_.block * reduced_.size());
  const int64_t grain = std::max<int64_t>(1, kRangeElements / block_elements);
  parallel_for(cut_.blocks, grain, [&](int64_t begin, int64_t end) {
    Context context(*this);
    RowState state = make_state(cut_.block, 1);
    for (int64_t block = begin; block < end; ++block) {
      for (size_t pass = 0; pass < program_.passes.size(); ++pass) {
        run_part(context, pass, block, 0, cut_.chunks, state, block * cut_.block);
        if (program_.passes[pass].reduce && !keeps_results_itself()) {
          take_results(context.folds[pass][0], context.folds[pass][0].finish(), pass, block, state,
                       block * cut_.block);
        }
      }
    }
  });
}

RowState RowRun::make_state(int64_t points, int64_t blocks) const {
  RowState state;
  state.results.resize(program_.combinations.size());
  for (const Pass& pass : program_.passes) {
    if (pass.reduce) state.results[*pass.reduce].resize(static_cast<size_t>(points));
  }
  if (program_.kept.empty()) return state;
  const auto elements = static_cast<size_t>(kept_elements(blocks));
  state.scratch.emplace(elements * program_.kept_bytes());
  auto* free = state.scratch->as<std::byte>();
  for (const kernel::Type type : program_.kept) {
    state.kept.push_back(free);
    free += elements * tile_size(type);
  }
  return state;
}

void RowRun::take_results(const Fold& fold, const std::byte* entry, size_t pass, int64_t block,
                          RowState& state, int64_t origin) const {
  std::vector<uint64_t>& results = state.results[*program_.passes[pass].reduce];
  const int64_t first = block * cut_.block - origin;
  fold.read(entry, std::span(results).subspan(static_cast<size_t>(first),
                                              static_cast<size_t>(points_of(block))));
}

bool run_rows(const Launch& launch, bool unless_too_long) {
  RowRun run(launch);
  if (unless_too_long && !run.keeps_fit()) return false;
  run.run();
  return true;
}

}  // namespace tandem::backends::common::interpreter
