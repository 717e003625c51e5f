#include "tandem/backends/common/interpreter/space.h"

#include "tandem/base/check.h"

namespace tandem::backends::common::interpreter {

void Space::assign(std::span<const int64_t> extents, std::span<const int64_t* const> strides) {
  const size_t accesses = strides.size();
  strides_.resize(std::max<size_t>(accesses, 1) * kMaxAxes);
  rank_ = 0;
  for (size_t axis = 0; axis < extents.size(); ++axis) {
    if (extents[axis] == 1) continue;
    bool merges = rank_ > 0;
    for (size_t a = 0; a < accesses && merges; ++a) {
      merges = stride(a, rank_ - 1) == strides[a][axis] * extents[axis];
    }
    TANDEM_CHECK(merges || rank_ < kMaxAxes, "more than {} axes remain of a launch", kMaxAxes);
    if (!merges) extents_[static_cast<size_t>(rank_++)] = 1;
    const auto last = static_cast<size_t>(rank_ - 1);
    extents_[last] *= extents[axis];
    for (size_t a = 0; a < accesses; ++a) strides_[a * kMaxAxes + last] = strides[a][axis];
  }
  finish(accesses);
}

void Space::finish(size_t accesses) {
  size_ = 1;
  for (int axis = 0; axis < rank_; ++axis) size_ *= extent(axis);
  dense_.resize(accesses);
  for (size_t a = 0; a < accesses; ++a) {
    dense_[a] = 1;
    int64_t expected = 1;
    for (int axis = rank_; axis-- > 0;) {
      if (stride(a, axis) != expected) dense_[a] = 0;
      expected *= extent(axis);
    }
  }
}

bool Space::fixed(size_t access) const {
  for (int axis = 0; axis < rank_; ++axis) {
    if (stride(access, axis) != 0) return false;
  }
  return true;
}

int64_t Space::offset(size_t access, int64_t position) const {
  int64_t result = 0;
  for (int axis = rank_; axis-- > 0;) {
    const int64_t e = extent(axis);
    result += (rank_ == 1 ? position : position % e) * stride(access, axis);
    position /= e;
  }
  return result;
}

void Space::remove_axis(const Space& from, int axis, size_t accesses) {
  strides_.resize(std::max<size_t>(accesses, 1) * kMaxAxes);
  rank_ = 0;
  for (int i = 0; i < from.rank_; ++i) {
    if (i == axis) continue;
    extents_[static_cast<size_t>(rank_)] = from.extent(i);
    for (size_t a = 0; a < accesses; ++a) {
      strides_[a * kMaxAxes + static_cast<size_t>(rank_)] = from.stride(a, i);
    }
    ++rank_;
  }
  finish(accesses);
}

void Space::only_axis(const Space& from, int axis, size_t accesses) {
  strides_.resize(std::max<size_t>(accesses, 1) * kMaxAxes);
  rank_ = 1;
  extents_[0] = from.extent(axis);
  for (size_t a = 0; a < accesses; ++a) strides_[a * kMaxAxes] = from.stride(a, axis);
  finish(accesses);
}

}  // namespace tandem::backends::common::interpreter
