// Whether rows are short enough for a kernel that reads them several times, and the guards that
// make a plan valid for the sizes it was made for.
#pragma once

#include <span>
#include <vector>

#include "tandem/passes/fuse/fuse.h"

namespace tandem::passes {

class RowBudget {
 public:
  // `bytes` by stream slot; slots beyond it have kDefaultBytes.
  RowBudget(std::span<const int64_t> dims, std::span<const size_t> bytes)
      : dims_(dims), bytes_(bytes) {}

  static constexpr size_t kDefaultBytes = size_t{256} << 10;

  // Whether rows along the axes `reduced` of the cluster's domain fit with `row_bytes` an element. The answer is recorded.
  bool fits(const Cluster& cluster, uint64_t reduced, uint32_t row_bytes);

  const std::vector<RowGuard>& guards() const { return guards_; }

 private:
  std::span<const int64_t> dims_;
  std::span<const size_t> bytes_;
  std::vector<RowGuard> guards_;
};

}  // namespace tandem::passes
