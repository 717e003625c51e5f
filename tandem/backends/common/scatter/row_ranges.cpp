#include "tandem/backends/common/scatter/row_ranges.h"

#include <algorithm>

namespace tandem::backends::common {
namespace {

constexpr int64_t kSample = 256;
constexpr int64_t kMostRows = int64_t{1} << 31;  // of a range: they are counted in 32 bits

// Rows that some of the indices name, ascending.
std::vector<int64_t> sampled_rows(const ScatterProblem& problem, int64_t p) {
  std::vector<int64_t> rows;
  const int64_t count = problem.index_count(), sample = std::min(count, kSample);
  problem.with_index([&](auto tag) {
    for (int64_t i = 0; i < sample; ++i) {
      const auto* index = problem.index_number<decltype(tag)>(p, count / sample * i);
      const int64_t row = problem.wrapped(static_cast<int64_t>(*index));
      if (row >= 0) rows.push_back(row);
    }
  });
  std::sort(rows.begin(), rows.end());
  return rows;
}

}  // namespace

RowRanges row_ranges(const ScatterProblem& problem, int64_t p, int64_t wanted) {
  const std::vector<int64_t> rows = sampled_rows(problem, p);
  RowRanges result{{}, 0};
  size_t longest = 0, run = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    run = i > 0 && rows[i] == rows[i - 1] ? run + 1 : 1;
    longest = std::max(longest, run);
  }
  if (!rows.empty()) {
    result.hottest = static_cast<double>(longest) / static_cast<double>(rows.size());
  }
  int64_t first = 0;
  const auto add = [&](int64_t end) {
    for (; end > first; first = result.ranges.back().end) {
      result.ranges.push_back({first, std::min(end, first + kMostRows)});
    }
  };
  for (int64_t i = 1; i < wanted && !rows.empty(); ++i) {
    add(rows[rows.size() * static_cast<size_t>(i) / static_cast<size_t>(wanted)]);
  }
  add(problem.n);
  return result;
}

}  // namespace tandem::backends::common
