// Kernels with rows: Reduce and Scan stages and what uses their results.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <optional>

#include "tandem/backends/common/cache_size.h"
#include "tandem/backends/common/interpreter/drivers.h"
#include "tandem/backends/common/interpreter/fold.h"
#include "tandem/backends/common/interpreter/worker.h"
#include "tandem/backends/common/thread_pool.h"
#include "tandem/kernel/float_environment.h"

namespace tandem::backends::common::interpreter {
namespace {

constexpr int64_t kRangeElements = 16384;   // that are worth handing to another thread
constexpr int64_t kCacheBytes = 256 << 10;  // of rows that a block should not exceed

constexpr int64_t kScanGroup = 32;  // chunks of a scan that a thread takes at a time, at most

constexpr int64_t kRowsAhead = 16;  // that tiles of columns ask for early

// How the points are cut up. Results do not depend on it.
struct Cut {
  bool by_columns = false;  // tiles take several rows side by side
  int64_t block = 1;        // points of the parallel axes done together
  int64_t blocks = 1;
  int64_t chunks = 0;  // of a row
  int64_t group = 0;   // chunks a thread takes at a time, a power of two
  int64_t groups = 1;
  bool by_pass = false;  // all threads work on one pass, then on the next
};

class RowRun {
 public:
  explicit RowRun(const Launch& launch) : launch_(launch), program_(launch.program) {
    Launch::Strides strides;
    launch.strides_from(0, strides);
    parallel_.assign(launch.extents(0, program_.parallel_rank), strides);
    launch.strides_from(program_.parallel_rank, strides);
    reduced_.assign(launch.extents(program_.parallel_rank, launch.rank()), strides);
    choose_cut();
  }

  // Whether the kept rows stay in the caches of the threads that fill and read them.
  bool keeps_fit() const {
    const int64_t budget = cache_bytes(2) / 2;
    return kept_elements(cut_.by_pass ? cut_.blocks : 1) *
               static_cast<int64_t>(program_.kept_bytes()) <=
           budget * (cut_.by_pass ? thread_count() : 1);
  }

  void run() {
    if (parallel_.size() == 0) return;
    if (cut_.by_pass) {
      run_by_pass();
    } else {
      run_by_block();
    }
  }

 private:
  // What one thread needs to work on blocks.
  struct Context {
    explicit Context(const RowRun& run)
        : worker(run.launch_),
          base(run.launch_.accesses.size()),
          folds(run.program_.passes.size()) {
      for (size_t p = 0; p < folds.size(); ++p) {
        const Pass& pass = run.program_.passes[p];
        if (!pass.reduce) continue;
        folds[p].emplace_back(*run.program_.combinations[*pass.reduce],
                              run.cut_.by_columns ? run.cut_.block : 1, run.program_.folds_left);
      }
    }
    const kernel::FloatEnvironment environment;
    Worker worker;
    std::vector<int64_t> base;
    std::vector<std::vector<Fold>> folds;  // by pass, one or none
    std::optional<uint64_t> carry;         // of the scan before the first chunk of a part of a row
  };

  // ---- choices
  // Bytes that accesses prefer to walk along the parallel axes, less those along the reduced ones.
  int64_t preference_for_columns() const {
    int64_t result = 0;
    for (size_t a = 0; a < launch_.accesses.size(); ++a) {
      const Access& access = program_.accesses[a];
      if (access.buffer == Access::kNoBuffer || launch_.accesses[a].fixed) continue;
      const int64_t along = std::abs(reduced_.inner_stride(a));
      const int64_t across = std::abs(parallel_.inner_stride(a));
      if (along == 0 || across == 0 || along == across) continue;
      result += (across < along ? 1 : -1) << access.size_log2;
    }
    return result;
  }

  int64_t row_bytes() const {
    int64_t bytes = 1;
    for (const Access& access : program_.accesses) {
      if (access.buffer != Access::kNoBuffer) bytes += reduced_.size() << access.size_log2;
    }
    bytes += reduced_.size() * static_cast<int64_t>(program_.kept_bytes());
    return bytes;
  }

  void choose_cut() {
    const int64_t points = parallel_.size();
    const int64_t row = reduced_.size();
    const bool wide = points >= 32;
    cut_.by_columns = wide && (row < 128 || preference_for_columns() > 0);
    cut_.chunks = (row + kTile - 1) / kTile;
    // Short rows side by side are transposed, in squares.
    const int64_t columns = preference_for_columns() > 0 ? kMaxColumns : kMaxColumns / 2;
    cut_.block = cut_.by_columns ? std::min(points, columns)
                                 : std::clamp<int64_t>(kCacheBytes / row_bytes(), 1, 64);
    cut_.block = std::min(cut_.block, points);
    const int64_t threads = thread_count();
    if (!cut_.by_columns && cut_.block > 1) {
      cut_.block = std::clamp<int64_t>(points / (threads * 4), 1, cut_.block);
    }
    if (points == 0) return;
    cut_.blocks = (points + cut_.block - 1) / cut_.block;
    cut_.group = std::max<int64_t>(cut_.chunks, 1);
    cut_.by_pass = threads > 1 && cut_.blocks < threads * 4 && cut_.chunks > 1 &&
                   points * row >= 4 * kRangeElements;
    if (!cut_.by_pass) return;
    cut_.group = 1;
    while (cut_.blocks * (cut_.chunks / (cut_.group * 2)) >= threads * 4) cut_.group *= 2;
    if (program_.has_scan) cut_.group = std::min(cut_.group, kScanGroup);
    cut_.groups = (cut_.chunks + cut_.group - 1) / cut_.group;
  }

  // ---- block by block, all passes on each while it is in the cache
  void run_by_block() {
    const int64_t block_elements = std::max<int64_t>(1, cut_.block * reduced_.size());
    const int64_t grain = std::max<int64_t>(1, kRangeElements / block_elements);
    parallel_for(cut_.blocks, grain, [&](int64_t begin, int64_t end) {
      Context context(*this);
      RowState state = make_state(cut_.block, 1);
      for (int64_t block = begin; block < end; ++block) {
        for (size_t pass = 0; pass < program_.passes.size(); ++pass) {
          run_part(context, pass, block, 0, cut_.chunks, state, block * cut_.block);
          if (program_.passes[pass].reduce && !keeps_results_itself(pass)) {
            take_results(context.folds[pass][0], context.folds[pass][0].finish(), pass, block,
                         state, block * cut_.block);
          }
        }
      }
    });
  }

  // ---- pass by pass, every thread on some chunks of some rows
  void run_by_pass() {
    RowState state = make_state(parallel_.size(), cut_.blocks);
    for (size_t number = 0; number < program_.passes.size(); ++number) {
      const Pass& pass = program_.passes[number];
      const bool split = pass.extent == kernel::Extent::element &&
                         (cut_.by_columns ? !pass.scan : cut_.block == 1);
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
      if (pass.reduce && !keeps_results_itself(number)) {
        combine_partials(number, groups, partials, entry, state);
      }
    }
  }

  // Groups [begin, end) of every block, of `all`.
  struct Groups {
    int64_t begin, end, all;
    int64_t count() const { return end - begin; }
  };

  // `carries` are those of the groups, block by block, where a scan crosses them.
  void run_groups(size_t number, Groups groups, const std::vector<uint64_t>& carries,
                  RowState& state, std::vector<std::byte>& partials, size_t entry) const {
    const bool keeps_partials =
        program_.passes[number].reduce.has_value() && !keeps_results_itself(number);
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
  void run_scan_waves(size_t number, RowState& state, std::vector<std::byte>& partials,
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

  void combine_partials(size_t number, int64_t groups, const std::vector<std::byte>& partials,
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

  int64_t fold_width() const { return cut_.by_columns ? cut_.block : 1; }
  // Row by row, a block of several rows has one fold a row, and its results are taken there.
  bool keeps_results_itself(size_t) const { return !cut_.by_columns && cut_.block > 1; }

  // Elements of one kept row of a block: rows of points, with room for what tiles read behind
  // their ends, or tiles of `fold_width` columns.
  int64_t kept_block_elements() const {
    return cut_.by_columns ? reduced_.size() * padded_columns(cut_.block)
                           : cut_.block * kept_row_elements();
  }
  int64_t kept_row_elements() const { return whole_groups(reduced_.size()) + kGroup; }
  int64_t kept_elements(int64_t blocks) const { return blocks * kept_block_elements(); }

  RowState make_state(int64_t points, int64_t blocks) const {
    RowState state;
    state.results.resize(program_.combinations.size());
    for (const Pass& pass : program_.passes) {
      if (pass.reduce) state.results[*pass.reduce].resize(static_cast<size_t>(points));
    }
    if (program_.kept.empty()) return state;
    const auto elements = static_cast<size_t>(kept_elements(blocks));
    state.scratch = Scratch(elements * program_.kept_bytes() + 64);
    std::byte* free = state.scratch.data();
    for (const kernel::Type type : program_.kept) {
      state.kept.push_back(free);
      free += elements * tile_size(type);
    }
    return state;
  }

  int64_t points_of(int64_t block) const {
    return std::min(cut_.block, parallel_.size() - block * cut_.block);
  }

  void take_results(const Fold& fold, const std::byte* entry, size_t pass, int64_t block,
                    RowState& state, int64_t origin) const {
    std::vector<uint64_t>& results = state.results[*program_.passes[pass].reduce];
    const int64_t first = block * cut_.block - origin;
    fold.read(entry, std::span(results).subspan(static_cast<size_t>(first),
                                                static_cast<size_t>(points_of(block))));
  }

  // ---- one pass over chunks [first, last) of a block; the state holds points from `origin` on
  void run_part(Context& context, size_t number, int64_t block, int64_t first, int64_t last,
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

  void run_points(Context& context, size_t number, int64_t block, const RowState& state,
                  int64_t origin) const {
    TileRange range;
    range.columns = &parallel_;
    range.begin = block * cut_.block;
    range.count = range.pitch = points_of(block);
    context.worker.set_row_values(number, state, range.begin - origin, range.count, range.count, 1);
    context.worker.run(number, range);
  }

  void run_columns(Context& context, size_t number, int64_t block, int64_t first, int64_t last,
                   const RowState& state, int64_t origin) const {
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
  void prefetch_rows(const TileRange& range, int64_t ahead) const {
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

  void move_to_row(Context& context, size_t number, int64_t point, const RowState& state,
                   int64_t origin) const {
    for (size_t a = 0; a < context.base.size(); ++a) context.base[a] = parallel_.offset(a, point);
    context.worker.set_row_values(number, state, point - origin);
  }

  void run_row(Context& context, size_t number, int64_t point, int64_t first, int64_t last,
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
    if (fold != nullptr && keeps_results_itself(number)) {
      std::span<uint64_t> results = state.results[*pass.reduce];
      fold->read(fold->finish(), results.subspan(static_cast<size_t>(point - origin), 1));
    }
  }

  // The chunk in the order of the pass: a reverse scan counts from the end.
  TileRange chunk_range(const Context& context, const Pass& pass, int64_t chunk) const {
    const bool reverse = pass.scan && program_.combinations[*pass.scan]->reverse;
    const int64_t from = chunk * kTile;
    TileRange range;
    range.columns = &reduced_;
    range.base = context.base.data();
    range.count = range.pitch = std::min(kTile, reduced_.size() - from);
    range.begin = reverse ? reduced_.size() - from - range.count : from;
    return range;
  }

  // For each row and group the last value of the scan before it, as an element; unused at the start
  // of the row. `last` are the values before the groups, and becomes those behind them.
  std::vector<uint64_t> scan_carries(size_t number, Groups groups, RowState& state,
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

  // `first` is the element at which the rows of the block, or the row of the point, begin.
  void set_kept_rows(Worker& worker, const RowState& state, int64_t first, int64_t position) const {
    for (size_t row = 0; row < state.kept.size(); ++row) {
      const size_t size = tile_size(program_.kept[row]);
      worker.set_kept(row, state.kept[row] + static_cast<size_t>(first) * size, position);
    }
  }

  const Launch& launch_;
  const Program& program_;
  Space parallel_, reduced_;
  Cut cut_;
};

}  // namespace

bool run_rows(const Launch& launch, bool unless_too_long) {
  RowRun run(launch);
  if (unless_too_long && !run.keeps_fit()) return false;
  run.run();
  return true;
}

}  // namespace tandem::backends::common::interpreter
