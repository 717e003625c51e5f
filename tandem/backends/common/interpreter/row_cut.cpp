// How a launch over rows is cut up between threads and caches.
#include <algorithm>
#include <cmath>

#include "tandem/backends/common/cache_size.h"
#include "tandem/backends/common/interpreter/row_run.h"
#include "tandem/backends/common/thread_pool.h"

namespace tandem::backends::common::interpreter {

namespace {

constexpr int64_t kCacheBytes = 256 << 10;  // of rows that a block should not exceed
constexpr int64_t kScanGroup = 32;  // chunks of a scan that a thread takes at a time, at most

}  // namespace

// Bytes that accesses prefer to walk along the parallel axes, less those along the reduced ones.
int64_t RowRun::preference_for_columns() const {
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

int64_t RowRun::row_bytes() const {
  int64_t bytes = 1;
  for (const Access& access : program_.accesses) {
    if (access.buffer != Access::kNoBuffer) bytes += reduced_.size() << access.size_log2;
  }
  bytes += reduced_.size() * static_cast<int64_t>(program_.kept_bytes());
  return bytes;
}

void RowRun::choose_cut() {
  const int64_t points = parallel_.size();
  const int64_t row = reduced_.size();
  const bool wide = points >= 32;
  cut_.by_columns = wide && (row < 128 || preference_for_columns() > 0);
  cut_.chunks = (row + kTile - 1) / kTile;
  // Short rows side by side are transposed, in squares; kept columns are to fit the cache.
  const bool widest = preference_for_columns() > 0 && program_.kept.empty();
  const int64_t columns = widest ? kMaxColumns : kMaxColumns / 2;
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

// Whether the kept rows stay in the caches of the threads that fill and read them.
bool RowRun::keeps_fit() const {
  const int64_t budget = cache_bytes(2) / 2;
  return kept_elements(cut_.by_pass ? cut_.blocks : 1) *
             static_cast<int64_t>(program_.kept_bytes()) <=
         budget * (cut_.by_pass ? thread_count() : 1);
}

}  // namespace tandem::backends::common::interpreter
