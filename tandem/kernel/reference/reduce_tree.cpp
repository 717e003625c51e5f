#include "tandem/kernel/reference/reduce_tree.h"

#include <algorithm>

namespace tandem::kernel {

namespace {

uint64_t apply(ScalarFunction combine, uint64_t older, uint64_t newer) {
  const uint64_t operands[] = {older, newer};
  return combine(operands);
}

// x[i] = x[i-w] op x[i] for all i >= w at once, w = 1, 2, .. 16.
void scan_block(std::span<uint64_t> block, ScalarFunction combine) {
  const auto size = static_cast<int64_t>(block.size());
  for (int64_t width = 1; width < kScanBlock; width *= 2) {
    for (int64_t i = size - 1; i >= width; --i) {
      block[i] = apply(combine, block[i - width], block[i]);
    }
  }
}

void add_carry(std::span<uint64_t> values, uint64_t carry, ScalarFunction combine) {
  for (uint64_t& value : values) value = apply(combine, carry, value);
}

void scan_chunk(std::span<uint64_t> chunk, ScalarFunction combine) {
  for (size_t begin = 0; begin < chunk.size(); begin += kScanBlock) {
    const auto block = chunk.subspan(begin, std::min<size_t>(kScanBlock, chunk.size() - begin));
    scan_block(block, combine);
    if (begin > 0) add_carry(block, chunk[begin - 1], combine);
  }
}

}  // namespace

void ReduceTree::push(uint64_t element) {
  const auto slot = static_cast<size_t>(in_chunk_ % kAccumulators);
  accumulators_[slot] =
      in_chunk_ < kAccumulators ? element : apply(combine_, accumulators_[slot], element);
  if (++in_chunk_ == kChunkElements) close_chunk();
}

void ReduceTree::close_chunk() {
  int64_t present = std::min<int64_t>(in_chunk_, kAccumulators);
  for (int64_t width = kAccumulators / 2; width > 0; width /= 2) {
    for (int64_t i = 0; i + width < present; ++i) {
      if (i >= width) break;
      accumulators_[i] = apply(combine_, accumulators_[i], accumulators_[i + width]);
    }
    present = std::min(present, width);
  }
  stack_.push_back(accumulators_[0]);
  for (uint64_t bit = 1; (chunks_ & bit) != 0; bit *= 2) {
    const uint64_t newer = stack_.back();
    stack_.pop_back();
    stack_.back() = apply(combine_, stack_.back(), newer);
  }
  ++chunks_;
  in_chunk_ = 0;
}

uint64_t ReduceTree::finish() {
  if (in_chunk_ > 0) close_chunk();
  if (stack_.empty()) return identity_;
  while (stack_.size() > 1) {
    const uint64_t newer = stack_.back();
    stack_.pop_back();
    stack_.back() = apply(combine_, stack_.back(), newer);
  }
  return stack_.back();
}

void scan_in_place(std::vector<uint64_t>& values, ScalarFunction combine) {
  const std::span<uint64_t> all(values);
  for (size_t begin = 0; begin < all.size(); begin += kChunkElements) {
    const auto chunk = all.subspan(begin, std::min<size_t>(kChunkElements, all.size() - begin));
    scan_chunk(chunk, combine);
    if (begin > 0) add_carry(chunk, all[begin - 1], combine);
  }
}

}  // namespace tandem::kernel
