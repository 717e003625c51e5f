// The reduction tree of kernel/ir.h over entries of `width` columns: chunks in, one result a column
// out.
#pragma once

#include <span>
#include <vector>

#include "tandem/backends/common/interpreter/program.h"

namespace tandem::backends::common::interpreter {

// Columns of an entry, padded as tile functions need them.
constexpr int64_t padded_columns(int64_t columns) { return whole_groups(columns); }

class Fold {
 public:
  Fold(const Combination& how, int64_t width, bool folds_left);

  void begin();
  // One chunk of a single column: n elements from position `first` of the row on, padded with the
  // absent element to whole groups.
  void add_chunk(const std::byte* tile, int64_t n, int64_t first);
  // The next rows of a chunk, width columns each; then the end of the chunk.
  void add_rows(const std::byte* tile, int64_t rows, int64_t first);
  void close_chunk();
  // A result of finish() over an aligned power of two of chunks, or over the last ones.
  void push(const std::byte* entry);

  // The result; valid until begin().
  const std::byte* finish();
  size_t entry_bytes() const { return value_bytes_ + (how_.is_arg ? width_ * sizeof(int64_t) : 0); }
  // The first columns of an entry as bits of the stage's result.
  void read(const std::byte* entry, std::span<uint64_t> results) const;

 private:
  std::byte* level(size_t number);
  void combine(std::byte* out, const std::byte* older, const std::byte* newer, size_t n) const;
  void merge_arg(const std::byte* entry);
  void merge_arg_rows(const std::byte* tile, int64_t rows, int64_t first);

  const Combination& how_;
  size_t width_ = 0;  // padded
  size_t value_bytes_ = 0;
  bool folds_left_ = false;
  std::vector<std::byte> accumulators_;
  int64_t in_chunk_ = 0;  // rows of the chunk in work
  std::vector<std::byte> stack_;
  size_t depth_ = 0;
  uint64_t chunks_ = 0;
  std::vector<std::byte> best_;  // arg: values, then positions, -1 where there is none
};

}  // namespace tandem::backends::common::interpreter
