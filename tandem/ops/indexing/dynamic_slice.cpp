// Slices whose starts are data.
#include <algorithm>

#include "tandem/ops/creation.h"
#include "tandem/ops/elementwise.h"
#include "tandem/ops/indexing/gather.h"
#include "tandem/ops/indexing/indexing.h"
#include "tandem/ops/indexing/scatter.h"
#include "tandem/ops/shapes/views.h"

namespace tandem {
namespace {

// The starts and what they apply to, checked.
class DynamicSlice {
 public:
  DynamicSlice(const array& a, const array& starts, const std::vector<int64_t>& axes, Dims extents,
               std::string_view op, const StreamOrDevice& s)
      : shape_(a.shape()), starts_(starts), extents_(extents), stream_(s) {
    ops::check_indices(starts, op);
    TANDEM_USER(starts.ndim() <= 1 && starts.size() == static_cast<int64_t>(axes.size()),
                ShapeError, op, "expects one start for each axis: got shape {} and {} axes",
                to_string(starts.shape()), axes.size());
    bool fits = extents.size() == shape_.size();
    for (size_t i = 0; fits && i < shape_.size(); ++i) {
      fits = extents[i] >= 0 && extents[i] <= shape_[i];
    }
    TANDEM_USER(fits, ShapeError, op, "the slice does not fit: got {} of an array of shape {}",
                to_string(extents), to_string(shape_));
    number_.resize(shape_.size(), kFixed);
    for (size_t i = 0; i < axes.size(); ++i) {
      const auto axis = static_cast<size_t>(normalize_axis(axes[i], a.ndim(), op));
      TANDEM_USER(number_[axis] == kFixed, ArgumentError, op, "axis {} is named twice", axes[i]);
      number_[axis] = static_cast<int64_t>(i);
    }
  }

  bool is_dynamic(size_t axis) const { return number_[axis] != kFixed; }

  // All starts when they are known without computing anything.
  std::optional<Shape> known() const {
    if (!starts_.evaluated()) return {};
    const array list = reshape(starts_, Shape{-1});
    Shape result(shape_.size(), 0);
    for (size_t axis = 0; axis < shape_.size(); ++axis) {
      if (!is_dynamic(axis)) continue;
      const auto start = take(list, number_[axis], 0).item<int64_t>();
      result[axis] = std::clamp<int64_t>(start, 0, shape_[axis] - extents_[axis]);
    }
    return result;
  }

  // Positions start, start + 1, ... along an axis that is dynamic.
  array positions(size_t axis) const {
    const array start =
        astype(take(reshape(starts_, Shape{-1}, stream_), number_[axis], 0, stream_), Dtype::int64,
               stream_);
    const array inside =
        minimum(maximum(start, int64_t{0}, stream_), shape_[axis] - extents_[axis], stream_);
    return add(arange(Scalar(int64_t{0}), Scalar(extents_[axis]), Scalar(int64_t{1}), Dtype::int64,
                      stream_),
               inside, stream_);
  }

 private:
  static constexpr int64_t kFixed = -1;

  Shape shape_;
  array starts_;
  Shape extents_;
  StreamOrDevice stream_;
  SmallVector<int64_t, 4> number_;  // by axis: which start
};

}  // namespace

array slice(const array& a, const array& starts, const std::vector<int64_t>& axes, Dims extents,
            StreamOrDevice s) {
  const DynamicSlice part(a, starts, axes, extents, "slice", s);
  const Shape ones(extents.size(), 1);
  if (const auto known = part.known()) return slice(a, *known, extents, ones, s);
  array result = a;
  for (size_t axis = 0; axis < extents.size(); ++axis) {
    if (part.is_dynamic(axis)) {
      result = take(result, part.positions(axis), static_cast<int64_t>(axis), s);
    }
  }
  return slice(result, Shape(extents.size(), 0), extents, ones, s);
}

array slice_update(const array& a, const array& update, const array& starts,
                   const std::vector<int64_t>& axes, StreamOrDevice s) {
  const DynamicSlice part(a, starts, axes, update.shape(), "slice_update", s);
  const Dims extents = update.shape();
  if (const auto known = part.known()) {
    return slice_update(a, update, *known, Shape(extents.size(), 1), s);
  }
  if (update.size() == 0) return a;
  // Index arrays for all axes between the first and the last dynamic one, so that the axes of the
  // update keep their order.
  size_t first = 0, last = extents.size() - 1;
  while (first < last && !part.is_dynamic(first)) ++first;
  while (last > first && !part.is_dynamic(last)) --last;
  Index items;
  for (size_t axis = 0; axis < extents.size(); ++axis) {
    if (axis < first || axis > last) {
      items.emplace_back(Slice{0, extents[axis]});
      continue;
    }
    Shape aligned(last - axis + 1, 1);
    aligned[0] = extents[axis];
    const array positions = part.is_dynamic(axis)
                                ? part.positions(axis)
                                : arange(Scalar(int64_t{0}), Scalar(extents[axis]),
                                         Scalar(int64_t{1}), Dtype::int64, s);
    items.emplace_back(reshape(positions, aligned, s));
  }
  return index_update(a, items, update, Update::set, s);
}

}  // namespace tandem
