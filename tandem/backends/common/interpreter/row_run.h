// One launch of a kernel with rows: how its points are cut up, and the ways through them. Methods
// are spread by theme: run_rows.cpp (block by block), row_passes.cpp (pass by pass), row_tiles.cpp
// (one pass over part of a block) and row_cut.cpp (the choice between them).
#pragma once

#include <optional>
#include <vector>

#include "tandem/backends/common/interpreter/fold.h"
#include "tandem/backends/common/interpreter/worker.h"
#include "tandem/kernel/float_environment.h"

namespace tandem::backends::common::interpreter {

inline constexpr int64_t kRangeElements = 16384;  // that are worth handing to another thread

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
  explicit RowRun(const Launch& launch);

  // Whether the kept rows stay in the caches of the threads that fill and read them.
  bool keeps_fit() const;
  void run();

 private:
  // What one thread needs to work on blocks.
  struct Context {
    explicit Context(const RowRun& run);
    const kernel::FloatEnvironment environment;
    Worker worker;
    std::vector<int64_t> base;
    std::vector<std::vector<Fold>> folds;  // by pass, one or none
    std::optional<uint64_t> carry;         // of the scan before the first chunk of a part of a row
  };
  // Groups [begin, end) of every block, of `all`.
  struct Groups {
    int64_t begin, end, all;
    int64_t count() const { return end - begin; }
  };

  void choose_cut();
  int64_t preference_for_columns() const;
  int64_t row_bytes() const;

  // Block by block, all passes on each while it is in the cache.
  void run_by_block();
  // Pass by pass, every thread on some chunks of some rows.
  void run_by_pass();
  void run_groups(size_t number, Groups groups, const std::vector<uint64_t>& carries,
                  RowState& state, std::vector<std::byte>& partials, size_t entry) const;
  void run_scan_waves(size_t number, RowState& state, std::vector<std::byte>& partials,
                      size_t entry) const;
  void combine_partials(size_t number, int64_t groups, const std::vector<std::byte>& partials,
                        size_t entry, RowState& state) const;
  std::vector<uint64_t> scan_carries(size_t number, Groups groups, RowState& state,
                                     std::vector<uint64_t>& last) const;

  // One pass over chunks [first, last) of a block; the state holds points from `origin` on.
  void run_part(Context& context, size_t number, int64_t block, int64_t first, int64_t last,
                RowState& state, int64_t origin) const;
  void run_points(Context& context, size_t number, int64_t block, const RowState& state,
                  int64_t origin) const;
  void run_columns(Context& context, size_t number, int64_t block, int64_t first, int64_t last,
                   const RowState& state, int64_t origin) const;
  void run_row(Context& context, size_t number, int64_t point, int64_t first, int64_t last,
               RowState& state, int64_t origin) const;
  void move_to_row(Context& context, size_t number, int64_t point, const RowState& state,
                   int64_t origin) const;
  TileRange chunk_range(const Context& context, const Pass& pass, int64_t chunk) const;
  void prefetch_rows(const TileRange& range, int64_t ahead) const;

  int64_t fold_width() const { return cut_.by_columns ? cut_.block : 1; }
  // Row by row, a block of several rows has one fold a row, and its results are taken there.
  bool keeps_results_itself() const { return !cut_.by_columns && cut_.block > 1; }
  // Elements of one kept row of a block: rows of points, with room for what tiles read behind
  // their ends, or tiles of `fold_width` columns.
  int64_t kept_block_elements() const {
    return cut_.by_columns ? reduced_.size() * padded_columns(cut_.block)
                           : cut_.block * kept_row_elements();
  }
  int64_t kept_row_elements() const { return whole_groups(reduced_.size()) + kGroup; }
  int64_t kept_elements(int64_t blocks) const { return blocks * kept_block_elements(); }
  int64_t points_of(int64_t block) const {
    return std::min(cut_.block, parallel_.size() - block * cut_.block);
  }

  RowState make_state(int64_t points, int64_t blocks) const;
  void take_results(const Fold& fold, const std::byte* entry, size_t pass, int64_t block,
                    RowState& state, int64_t origin) const;
  // `first` is the element at which the rows of the block, or the row of the point, begin.
  void set_kept_rows(Worker& worker, const RowState& state, int64_t first, int64_t position) const;

  const Launch& launch_;
  const Program& program_;
  Space parallel_, reduced_;
  Cut cut_;
};

}  // namespace tandem::backends::common::interpreter
