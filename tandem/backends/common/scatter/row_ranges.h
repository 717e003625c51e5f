// Ranges of the rows of a scatter's result that take in about as much each.
#pragma once

#include <vector>

#include "tandem/backends/common/scatter/problem.h"

namespace tandem::backends::common {

struct RowRange {
  int64_t first, end;
};

struct RowRanges {
  std::vector<RowRange> ranges;  // at most as many as wanted; together all rows
  double hottest;                // share of what one row takes in, about
};

// Looks at a sample of the indices of slice p.
RowRanges row_ranges(const ScatterProblem& problem, int64_t p, int64_t wanted);

}  // namespace tandem::backends::common
