// The order in which a reduction and a scan combine their elements (ir.h, "reduce" and "scan").
#pragma once

#include <array>
#include <vector>

#include "tandem/kernel/fold.h"

namespace tandem::kernel {

inline constexpr int64_t kChunkElements = 1024;
inline constexpr int kAccumulators = 64;
inline constexpr int64_t kScanBlock = 32;

// Takes the elements of R in increasing order.
class ReduceTree {
 public:
  ReduceTree(ScalarFunction combine, uint64_t identity) : combine_(combine), identity_(identity) {}

  void push(uint64_t element);
  uint64_t finish();

 private:
  void close_chunk();

  ScalarFunction combine_;
  uint64_t identity_;
  std::array<uint64_t, kAccumulators> accumulators_{};
  int64_t in_chunk_ = 0;
  uint64_t chunks_ = 0;
  std::vector<uint64_t> stack_;  // chunk results, the oldest first
};

// Replaces the values, in the order of the scan, with their inclusive scan.
void scan_in_place(std::vector<uint64_t>& values, ScalarFunction combine);

}  // namespace tandem::kernel
