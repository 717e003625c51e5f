#include "tandem/ops/indexing/selection.h"

#include <algorithm>
#include <limits>

#include "tandem/ops/creation.h"
#include "tandem/ops/elementwise.h"
#include "tandem/ops/indexing/gather.h"
#include "tandem/ops/shapes/views.h"

namespace tandem::ops {
namespace {

bool is_mask(const IndexItem& item) {
  const array* a = std::get_if<array>(&item);
  return a && a->dtype() == Dtype::bool_;
}

size_t axes_of(const IndexItem& item) {
  if (is_mask(item)) return static_cast<size_t>(std::get<array>(item).ndim());
  return std::holds_alternative<NewAxis>(item) || std::holds_alternative<Ellipsis>(item) ? 0 : 1;
}

// Coordinates of the true elements in row-major order: one array for each axis.
std::vector<array> true_positions(const array& mask) {
  const auto* data = static_cast<const bool*>(mask.data());
  const Strides strides = mask.strides();
  const Dims shape = mask.shape();
  const size_t rank = shape.size();
  std::vector<std::vector<int64_t>> found(rank);
  Shape at(rank, 0);
  const int64_t count = mask.size();
  for (int64_t i = 0, offset = 0; i < count; ++i) {
    if (data[offset]) {
      for (size_t axis = 0; axis < rank; ++axis) found[axis].push_back(at[axis]);
    }
    for (size_t axis = rank; axis-- > 0;) {
      offset += strides[axis];
      if (++at[axis] < shape[axis]) break;
      offset -= strides[axis] * shape[axis];
      at[axis] = 0;
    }
  }
  std::vector<array> result;
  for (size_t axis = 0; axis < rank; ++axis) {
    const Shape length{static_cast<int64_t>(found[axis].size())};
    if (shape[axis] > std::numeric_limits<int32_t>::max()) {
      result.emplace_back(found[axis].data(), length, Dtype::int64);
    } else {
      const std::vector<int32_t> narrow(found[axis].begin(), found[axis].end());
      result.emplace_back(narrow.data(), length, Dtype::int32);
    }
  }
  return result;
}

// Reads the items of an index one after the other.
class Selector {
 public:
  explicit Selector(Dims shape) : shape_(shape) {}

  Selection run(const Index& items) {
    const size_t free_axes = shape_.size() - count_axes(items);
    bool expanded = false;
    for (const IndexItem& item : items) {
      if (std::holds_alternative<Ellipsis>(item)) {
        add_whole(free_axes);
        expanded = true;
      } else {
        std::visit([&](const auto& value) { add(value); }, item);
      }
    }
    if (!expanded) add_whole(free_axes);
    place_arrays();
    return std::move(selection_);
  }

 private:
  size_t count_axes(const Index& items) const {
    size_t axes = 0, ellipses = 0;
    for (const IndexItem& item : items) {
      axes += axes_of(item);
      ellipses += std::holds_alternative<Ellipsis>(item);
    }
    TANDEM_USER(ellipses <= 1, AxisError, "array", "an index has at most one ...: got {}",
                ellipses);
    TANDEM_USER(axes <= shape_.size(), AxisError, "array",
                "too many indices: got {}, expected at most {}", axes, shape_.size());
    return axes;
  }

  size_t axis() const { return selection_.axes.size(); }

  void add(int64_t position) {
    const int64_t extent = shape_[axis()];
    TANDEM_USER(position >= -extent && position < extent, AxisError, "array",
                "index out of range on axis {}: got {}, expected {} to {}", axis(), position,
                -extent, extent - 1);
    selection_.axes.push_back(
        {AxisSelection::position, position < 0 ? position + extent : position, 1, 1, 0, 0});
    note_advanced();
  }

  void add(const Slice& slice) {
    const int64_t extent = shape_[axis()];
    // The step opposite to the least one is no number.
    const int64_t step = std::max(slice.step.value_or(1), -std::numeric_limits<int64_t>::max());
    TANDEM_USER(step != 0, ArgumentError, "array", "a slice's step must not be zero");
    // As Python adjusts them: ends outside of the axis are moved to its ends.
    const auto bound = [&](int64_t at) {
      if (at < 0) at += extent;
      return std::clamp<int64_t>(at, step < 0 ? -1 : 0, step < 0 ? extent - 1 : extent);
    };
    const int64_t start = slice.start ? bound(*slice.start) : step < 0 ? extent - 1 : 0;
    const int64_t stop = slice.stop ? bound(*slice.stop) : step < 0 ? -1 : extent;
    int64_t count = 0;
    if (step > 0 && start < stop) count = (stop - start - 1) / step + 1;
    if (step < 0 && stop < start) count = (start - stop - 1) / -step + 1;
    add_range(count > 0 ? start : 0, count, count > 1 ? step : 1);
  }

  void add(const NewAxis&) {
    selection_.result.push_back(1);
    between_ = true;
  }

  void add(const Ellipsis&) {}

  void add(const array& indices) {
    if (indices.dtype() != Dtype::bool_) {
      check_indices(indices, "array");
      TANDEM_USER(shape_[axis()] > 0 || indices.size() == 0, AxisError, "array",
                  "nothing can be taken from an axis of extent 0: axis {} of {}", axis(),
                  to_string(shape_));
      return add_list(indices);
    }
    const Dims covered = shape_.subspan(axis(), static_cast<size_t>(indices.ndim()));
    TANDEM_USER(std::ranges::equal(covered, indices.shape()), AxisError, "array",
                "a mask has the shape of the axes it stands for: got {}, expected {}",
                to_string(indices.shape()), to_string(covered));
    for (array& list : true_positions(indices)) add_list(std::move(list));
  }

  void add_list(array list) {
    AxisSelection item;
    item.kind = AxisSelection::indices;
    item.extent = shape_[axis()];
    item.list = selection_.arrays.size();
    selection_.axes.push_back(item);
    selection_.arrays.push_back(std::move(list));
    note_advanced();
  }

  void add_range(int64_t start, int64_t extent, int64_t step) {
    selection_.axes.push_back(
        {AxisSelection::range, start, extent, step, 0, selection_.result.size()});
    selection_.result.push_back(extent);
    between_ = true;
  }

  void add_whole(size_t count) {
    // An ellipsis stands between its neighbours even when it stands for no axis.
    between_ = true;
    for (size_t i = 0; i < count; ++i) add_range(0, shape_[axis()], 1);
  }

  // Numbers and arrays that stand side by side are one group.
  void note_advanced() {
    if (groups_ == 0 || between_) {
      if (groups_++ == 0) first_ = selection_.result.size();
    }
    between_ = false;
  }

  void place_arrays() {
    if (selection_.arrays.empty()) return;
    for (const array& list : selection_.arrays) {
      selection_.arrays_shape = broadcast_shapes(selection_.arrays_shape, list.shape(), "array");
    }
    const size_t count = selection_.arrays_shape.size();
    selection_.arrays_axis = groups_ > 1 ? 0 : first_;
    const auto at = selection_.arrays_axis;
    Shape result(selection_.result.begin(), selection_.result.begin() + at);
    result.append(selection_.arrays_shape.begin(), selection_.arrays_shape.end());
    result.append(selection_.result.begin() + at, selection_.result.end());
    selection_.result = std::move(result);
    for (AxisSelection& item : selection_.axes) {
      if (item.kind == AxisSelection::range && item.result >= at) item.result += count;
    }
  }

  Dims shape_;
  Selection selection_;
  size_t groups_ = 0, first_ = 0;
  bool between_ = false;
};

// Positions along the merged axes as a sum of terms, one per axis.
class Positions {
 public:
  Positions(Dtype dtype, bool drop, const StreamOrDevice& s)
      : dtype_(dtype), drop_(drop), stream_(s) {}

  // Added even when it is 0, so that one graph serves every position.
  void add_constant(int64_t value) { constant_ = constant_.value_or(0) + value; }

  void add_range(int64_t extent, int64_t step, size_t trailing) {
    Shape aligned(trailing + 1, 1);
    aligned[0] = extent;
    const array steps =
        arange(Scalar(int64_t{0}), Scalar(extent * step), Scalar(step), dtype_, stream_);
    add_term(reshape(steps, aligned, stream_));
  }

  void add_list(const array& list, size_t trailing, int64_t extent, int64_t stride) {
    Shape aligned(list.shape());
    if (!aligned.empty()) aligned.resize(aligned.size() + trailing, 1);
    array at = reshape(astype(list, dtype_, stream_), aligned, stream_);
    at = where(less(at, int64_t{0}, stream_), add(at, extent, stream_), at, stream_);
    if (drop_) {
      const array outside =
          bitwise_or(less(at, int64_t{0}, stream_), greater_equal(at, extent, stream_), stream_);
      outside_ = outside_ ? bitwise_or(*outside_, outside, stream_) : outside;
    } else {
      at = minimum(maximum(at, int64_t{0}, stream_), extent - 1, stream_);
    }
    add_term(stride == 1 ? at : multiply(at, stride, stream_));
  }

  array finish(int64_t count) {
    array result = sum_ ? *sum_ : full(Shape{}, Scalar(int64_t{0}), dtype_, stream_);
    if (constant_) result = add(result, *constant_, stream_);
    return outside_ ? where(*outside_, count, result, stream_) : result;
  }

 private:
  void add_term(const array& term) { sum_ = sum_ ? add(*sum_, term, stream_) : term; }

  Dtype dtype_;
  bool drop_;
  StreamOrDevice stream_;
  std::optional<int64_t> constant_;
  std::optional<array> sum_, outside_;
};

}  // namespace

Selection select(Dims shape, const Index& items) { return Selector(shape).run(items); }

bool is_flag(const IndexItem& item) { return is_mask(item) && std::get<array>(item).ndim() == 0; }

array with_flag_axes(const array& a, Index& items, const StreamOrDevice& s) {
  size_t axes = 0, axis = 0;
  for (const IndexItem& item : items) axes += axes_of(item);
  std::vector<int64_t> added;
  for (IndexItem& item : items) {
    if (is_flag(item)) {
      added.push_back(static_cast<int64_t>(axis));
      item = reshape(std::get<array>(item), Shape{1}, s);
      ++axis;
    } else if (std::holds_alternative<Ellipsis>(item)) {
      axis += static_cast<size_t>(a.ndim()) - std::min(axes, static_cast<size_t>(a.ndim()));
    } else {
      axis += axes_of(item);
    }
  }
  return added.empty() ? a : expand_dims(a, added, s);
}

array merged_positions(const Selection& selection, Dims shape, size_t first, size_t last,
                       std::span<const size_t> place, size_t rank, bool drop,
                       const StreamOrDevice& s) {
  const int64_t count = element_count(shape.subspan(first, last - first + 1));
  bool wide = count > std::numeric_limits<int32_t>::max();
  for (const array& list : selection.arrays) {
    wide = wide || size_of(list.dtype()) == 8 || list.dtype() == Dtype::uint32;
  }
  Positions positions(wide ? Dtype::int64 : Dtype::int32, drop, s);
  const size_t arrays_rank = selection.arrays_shape.size();
  const auto trailing = [&](size_t axis) { return rank - 1 - place[axis]; };
  int64_t stride = 1;
  for (size_t axis = last + 1; axis-- > first; stride *= shape[axis]) {
    const AxisSelection& item = selection.axes[axis];
    if (item.kind == AxisSelection::indices) {
      const size_t behind =
          arrays_rank == 0 ? 0 : trailing(selection.arrays_axis + arrays_rank - 1);
      positions.add_list(selection.arrays[item.list], behind, shape[axis], stride);
      continue;
    }
    positions.add_constant(item.start * stride);
    if (item.kind == AxisSelection::range && item.extent > 1) {
      positions.add_range(item.extent, item.step * stride, trailing(item.result));
    }
  }
  return positions.finish(count);
}

}  // namespace tandem::ops
