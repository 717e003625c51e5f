#include "tandem/passes/fuse/row_budget.h"

#include <algorithm>

namespace tandem::passes {
namespace {

// Cache lines are read whole: where the last axis is not reduced, a row brings its neighbours.
int64_t rows_side_by_side(const Cluster& cluster, uint64_t reduced) {
  const bool last = cluster.rank > 0 && (reduced >> std::min(cluster.rank - 1, 63) & 1);
  return last || cluster.rank == 0 ? 1 : 16;
}

}  // namespace

bool RowBudget::fits(const Cluster& cluster, uint64_t reduced, uint32_t row_bytes) {
  const size_t budget = cluster.slot < bytes_.size() ? bytes_[cluster.slot] : kDefaultBytes;
  const int64_t limit = static_cast<int64_t>(budget) /
                        (std::max(row_bytes, 1u) * rows_side_by_side(cluster, reduced));
  const auto is_of_cluster = [&](const RowGuard& guard) {
    return guard.first_dim == cluster.first_dim && guard.rank == cluster.rank &&
           guard.reduced == reduced;
  };
  auto known = std::ranges::find_if(guards_, is_of_cluster);
  if (known == guards_.end()) {
    known = guards_.insert(known, {cluster.first_dim, cluster.rank, reduced});
  }
  RowGuard& guard = *known;
  const bool fits = row_length(guard, dims_) <= limit;
  if (fits) {
    guard.at_most = std::min(guard.at_most, limit);
  } else {
    guard.above = std::max(guard.above, limit);
  }
  return fits;
}

}  // namespace tandem::passes
