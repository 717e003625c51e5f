// One matrix product as the implementations see it: launch arguments with batch axes merged, axes
// of size 1 given tidy strides, and the operands swapped when that makes the result row-major.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tandem/base/dtype.h"
#include "tandem/device/launch.h"

namespace tandem::backends::common {

// A matrix of every batch: strides in elements.
struct MatrixView {
  std::byte* data = nullptr;
  int64_t row = 0;
  int64_t column = 0;
  std::vector<int64_t> batch;  // stride per batch axis

  bool row_major() const { return column == 1; }
  bool column_major() const { return row == 1; }
};

// out = a @ b, or alpha * (a @ b) + beta * c when `scaled`. Sizes may be 0.
struct Problem {
  Dtype dtype = Dtype::float32;
  bool scaled = false;
  float alpha = 1;
  float beta = 0;
  int64_t m = 0;
  int64_t n = 0;
  int64_t k = 0;
  std::vector<int64_t> batch;  // extents, outermost first
  MatrixView a;                // [m, k]
  MatrixView b;                // [k, n]
  MatrixView c;                // [m, n], only when scaled
  MatrixView out;              // [m, n]

  int64_t batch_count() const;
  // Elements from the first matrix to that of the `index`-th batch, counted row-major over `batch`.
  int64_t offset(const MatrixView& matrix, int64_t index) const;
  std::byte* at(const MatrixView& matrix, int64_t index) const;
  // The same product as out^T = b^T @ a^T.
  void transpose();
};

Problem make_problem(Dtype dtype, bool scaled, const device::LaunchArguments& arguments);

}  // namespace tandem::backends::common
