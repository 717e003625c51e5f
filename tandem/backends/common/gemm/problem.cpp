#include "tandem/backends/common/gemm/problem.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "tandem/base/check.h"

namespace tandem::backends::common {
namespace {

MatrixView view_of(const device::BufferArgument& buffer, size_t batch_rank, int row_axis,
                   int column_axis) {
  MatrixView view;
  view.data = static_cast<std::byte*>(buffer.data);
  view.row = buffer.strides[batch_rank + static_cast<size_t>(row_axis)];
  view.column = buffer.strides[batch_rank + static_cast<size_t>(column_axis)];
  view.batch.assign(buffer.strides, buffer.strides + batch_rank);
  return view;
}

// The views a problem has; c only counts when it is there.
std::vector<MatrixView*> views_of(Problem& problem) {
  std::vector<MatrixView*> views = {&problem.a, &problem.b, &problem.out};
  if (problem.scaled) views.push_back(&problem.c);
  return views;
}

void erase_batch_axis(Problem& problem, size_t axis) {
  const auto offset = static_cast<std::ptrdiff_t>(axis);
  problem.batch.erase(problem.batch.begin() + offset);
  for (MatrixView* view : views_of(problem)) view->batch.erase(view->batch.begin() + offset);
}

// Drops batch axes of size 1 and joins neighbours that every view walks as one.
void merge_batch_axes(Problem& problem) {
  for (size_t axis = problem.batch.size(); axis-- > 0;) {
    if (problem.batch[axis] == 1) erase_batch_axis(problem, axis);
  }
  const std::vector<MatrixView*> views = views_of(problem);
  for (size_t axis = problem.batch.size(); axis-- > 1;) {
    const int64_t extent = problem.batch[axis];
    const bool joins = std::all_of(views.begin(), views.end(), [&](const MatrixView* view) {
      return view->batch[axis - 1] == view->batch[axis] * extent;
    });
    if (!joins) continue;
    for (MatrixView* view : views) view->batch[axis - 1] = view->batch[axis];
    problem.batch[axis - 1] *= extent;
    erase_batch_axis(problem, axis);
  }
}

// Makes the innermost batch axis part of the rows when b is the same matrix in all of it.
void fold_batch_into_rows(Problem& problem) {
  while (!problem.batch.empty() && problem.b.batch.back() == 0) {
    const size_t last = problem.batch.size() - 1;
    std::vector<MatrixView*> views = {&problem.a, &problem.out};
    if (problem.scaled) views.push_back(&problem.c);
    for (MatrixView* view : views) {
      if (problem.m != 1 && view->batch[last] != view->row * problem.m) return;
    }
    if (problem.m == 1) {
      for (MatrixView* view : views) view->row = view->batch[last];
    }
    problem.m *= problem.batch[last];
    erase_batch_axis(problem, last);
  }
}

// An axis of size 1 has no stride of its own: take one that makes the matrix contiguous.
void tidy_strides(MatrixView& view, int64_t rows, int64_t columns) {
  if (columns == 1 && rows != 1) {
    view.column = view.row == 1 ? rows : 1;
  } else if (rows == 1) {
    if (columns == 1) view.column = 1;
    view.row = view.column == 1 ? columns : 1;
  }
}

}  // namespace

int64_t Problem::batch_count() const {
  int64_t count = 1;
  for (const int64_t extent : batch) count *= extent;
  return count;
}

int64_t Problem::offset(const MatrixView& matrix, int64_t index) const {
  int64_t result = 0;
  for (size_t axis = batch.size(); axis-- > 0;) {
    result += index % batch[axis] * matrix.batch[axis];
    index /= batch[axis];
  }
  return result;
}

std::byte* Problem::at(const MatrixView& matrix, int64_t index) const {
  return matrix.data + offset(matrix, index) * static_cast<int64_t>(size_of(dtype));
}

void Problem::transpose() {
  std::swap(m, n);
  std::swap(a, b);
  for (MatrixView* view : {&a, &b, &c, &out}) std::swap(view->row, view->column);
}

Problem make_problem(Dtype dtype, bool scaled, const device::LaunchArguments& arguments) {
  const size_t expected_buffers = scaled ? 4 : 3;
  TANDEM_CHECK(arguments.extents.size() >= 3 && arguments.buffers.size() == expected_buffers,
               "a matrix product got {} extents and {} buffers", arguments.extents.size(),
               arguments.buffers.size());
  const size_t batch_rank = arguments.extents.size() - 3;
  Problem problem;
  problem.dtype = dtype;
  problem.scaled = scaled;
  problem.batch.assign(arguments.extents.begin(), arguments.extents.begin() + batch_rank);
  problem.m = arguments.extents[batch_rank];
  problem.n = arguments.extents[batch_rank + 1];
  problem.k = arguments.extents[batch_rank + 2];
  const device::BufferArgument* buffer = arguments.buffers.data();
  if (scaled) {
    TANDEM_CHECK(arguments.params.size() == 2, "addmm got {} parameters", arguments.params.size());
    problem.alpha = std::bit_cast<float>(static_cast<uint32_t>(arguments.params[0]));
    problem.beta = std::bit_cast<float>(static_cast<uint32_t>(arguments.params[1]));
    problem.c = view_of(*buffer++, batch_rank, 0, 1);
  }
  problem.a = view_of(buffer[0], batch_rank, 0, 2);
  problem.b = view_of(buffer[1], batch_rank, 2, 1);
  problem.out = view_of(buffer[2], batch_rank, 0, 1);
  if (problem.batch_count() * problem.m * problem.n == 0) return problem;
  merge_batch_axes(problem);
  fold_batch_into_rows(problem);
  tidy_strides(problem.a, problem.m, problem.k);
  tidy_strides(problem.b, problem.k, problem.n);
  tidy_strides(problem.out, problem.m, problem.n);
  if (problem.out.column != 1 && problem.out.row == 1) problem.transpose();
  return problem;
}

}  // namespace tandem::backends::common
