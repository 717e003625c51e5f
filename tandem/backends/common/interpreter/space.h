// Index spaces: some axes of a launch after collapse, with the strides of every access over them,
// and walks over ranges of their row-major order.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "tandem/backends/common/interpreter/small_array.h"

namespace tandem::backends::common::interpreter {

inline constexpr int kMaxAxes = 16;  // after collapse

// Part of a range: rows x columns positions in order, at `offset` elements from the start of the
// access.
struct Rectangle {
  int64_t offset = 0;
  int64_t rows = 1, columns = 0;
  int64_t row_stride = 0, column_stride = 0;
};

class Space {
 public:
  // Collapses axes that every access crosses as one. strides[a][i] is the stride of access a on
  // axis i.
  void assign(std::span<const int64_t> extents, std::span<const int64_t* const> strides);

  int rank() const { return rank_; }
  int64_t size() const { return size_; }
  int64_t extent(int axis) const { return extents_[static_cast<size_t>(axis)]; }
  int64_t stride(size_t access, int axis) const {
    return strides_[access * kMaxAxes + static_cast<size_t>(axis)];
  }
  int64_t inner_extent() const { return rank_ == 0 ? 1 : extent(rank_ - 1); }
  int64_t inner_stride(size_t access) const { return rank_ == 0 ? 0 : stride(access, rank_ - 1); }
  // Position i lies at i elements from the start, for all i.
  bool linear(size_t access) const {
    return size_ <= 1 || (rank_ == 1 && stride(access, 0) == 1) || dense_[access] != 0;
  }
  // Every position lies at the start.
  bool fixed(size_t access) const;

  int64_t offset(size_t access, int64_t position) const;

  // The space without some axis, which is at `axis` of this one: for tiles over two axes.
  void remove_axis(const Space& from, int axis, size_t accesses);
  void only_axis(const Space& from, int axis, size_t accesses);

  // Calls f(rectangle, position in the range) for pieces of [begin, begin + count) of an access.
  template <class F>
  void walk(size_t access, int64_t begin, int64_t count, F&& f) const;

 private:
  void finish(size_t accesses);

  int rank_ = 0;
  int64_t size_ = 1;
  std::array<int64_t, kMaxAxes> extents_{};
  SmallArray<int64_t, 6 * kMaxAxes> strides_;
  SmallArray<char, 16> dense_;
};

template <class F>
void Space::walk(size_t access, int64_t begin, int64_t count, F&& f) const {
  if (rank_ <= 1) {
    const int64_t step = inner_stride(access);
    f(Rectangle{begin * step, 1, count, 0, step}, int64_t{0});
    return;
  }
  const int inner = rank_ - 1;
  const int64_t* strides = strides_.data() + access * kMaxAxes;
  std::array<int64_t, kMaxAxes> at;
  int64_t rest = begin;
  int64_t offset = 0;  // of the position with inner coordinate 0
  for (int axis = inner; axis >= 0; --axis) {
    at[static_cast<size_t>(axis)] = rest % extents_[static_cast<size_t>(axis)];
    rest /= extents_[static_cast<size_t>(axis)];
    if (axis != inner) offset += at[static_cast<size_t>(axis)] * strides[axis];
  }
  int64_t& column = at[static_cast<size_t>(inner)];
  int64_t& row = at[static_cast<size_t>(inner - 1)];
  const int64_t columns = extents_[static_cast<size_t>(inner)];
  const int64_t rows = extents_[static_cast<size_t>(inner - 1)];
  int64_t done = 0;
  while (done < count) {
    Rectangle piece{offset + column * strides[inner], 1, std::min(columns - column, count - done),
                    strides[inner - 1], strides[inner]};
    if (column == 0 && count - done >= columns) {
      piece.rows = std::min(rows - row, (count - done) / columns);
      piece.columns = columns;
    }
    f(piece, done);
    done += piece.rows * piece.columns;
    if (done >= count) return;
    column = 0;
    row += piece.rows;
    offset += piece.rows * strides[inner - 1];
    for (int axis = inner - 1; axis > 0 && at[static_cast<size_t>(axis)] == extent(axis); --axis) {
      const auto a = static_cast<size_t>(axis);
      offset += strides[axis - 1] - extents_[a] * strides[axis];
      at[a] = 0;
      ++at[a - 1];
    }
  }
}

}  // namespace tandem::backends::common::interpreter
