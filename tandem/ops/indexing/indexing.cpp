#include "tandem/ops/indexing/indexing.h"

#include <algorithm>
#include <numeric>

#include "tandem/graph/op_code.h"
#include "tandem/ops/elementwise.h"
#include "tandem/ops/indexing/gather.h"
#include "tandem/ops/indexing/scatter.h"
#include "tandem/ops/indexing/selection.h"
#include "tandem/ops/shapes/views.h"

namespace tandem {
namespace {

using ops::AxisSelection;
using ops::Selection;

// The ranges and positions outside of the axes [first, end) as one slice; its axes are a's.
array sliced(const array& a, const Selection& selection, size_t first, size_t end,
             const StreamOrDevice& s) {
  Shape starts, extents, steps;
  for (size_t axis = 0; axis < selection.axes.size(); ++axis) {
    const AxisSelection& item = selection.axes[axis];
    const bool whole = axis >= first && axis < end;
    starts.push_back(whole ? 0 : item.start);
    extents.push_back(whole ? a.shape()[axis] : item.extent);
    steps.push_back(whole ? 1 : item.step);
  }
  return slice(a, starts, extents, steps, s);
}

// The array with the axes first..last as one.
array merged(const array& a, size_t first, size_t last, const StreamOrDevice& s) {
  Shape shape(a.shape().begin(), a.shape().begin() + static_cast<std::ptrdiff_t>(first));
  shape.push_back(element_count(a.shape().subspan(first, last - first + 1)));
  shape.append(a.shape().begin() + static_cast<std::ptrdiff_t>(last) + 1, a.shape().end());
  return reshape(a, shape, s);
}

array gathered(const array& a, const Selection& selection, const StreamOrDevice& s) {
  const auto is_list = [](const AxisSelection& item) {
    return item.kind == AxisSelection::indices;
  };
  const auto& axes = selection.axes;
  const auto first =
      static_cast<size_t>(std::find_if(axes.begin(), axes.end(), is_list) - axes.begin());
  size_t last = axes.size() - 1;
  while (!is_list(axes[last])) --last;

  const Shape& result = selection.result;
  array positions = selection.arrays[0];
  if (first == last) {  // the kernel takes indices as they are
    Shape aligned(positions.shape());
    const size_t behind = result.size() - selection.arrays_axis - selection.arrays_shape.size();
    if (!aligned.empty()) aligned.resize(aligned.size() + behind, 1);
    positions = reshape(positions, aligned, s);
  } else {
    std::vector<size_t> place(result.size());
    std::iota(place.begin(), place.end(), size_t{0});
    positions =
        ops::merged_positions(selection, a.shape(), first, last, place, result.size(), false, s);
  }
  SmallVector<int64_t, 4> words;
  for (size_t axis = 0; axis < axes.size(); ++axis) {
    if (axis > first && axis <= last) continue;
    const bool range = axes[axis].kind == AxisSelection::range;
    words.push_back(axis == first ? graph::kGatheredAxis
                    : range       ? static_cast<int64_t>(axes[axis].result)
                                  : graph::kDroppedAxis);
  }
  const array source = merged(sliced(a, selection, first, last + 1, s), first, last, s);
  return ops::gather(source, positions, result, words, s);
}

// The value as it is written: a's dtype, the shape of what is selected.
array fitted(const array& a, const Operand& value, Dims shape, const StreamOrDevice& s) {
  const Scalar* scalar = value.as_scalar();
  array result = scalar ? array(*scalar, a.dtype()) : astype(*value.as_array(), a.dtype(), s);
  Dims own = result.shape();
  while (own.size() > shape.size() && own[0] == 1) own = own.subspan(1);
  result = reshape(result, own, s);
  const bool fits =
      own.size() <= shape.size() &&
      std::equal(own.rbegin(), own.rend(), shape.rbegin(),
                 [](int64_t mine, int64_t other) { return mine == other || mine == 1; });
  TANDEM_USER(fits, ShapeError, "array",
              "the value does not fit what it is written to: got {}, "
              "expected {}",
              to_string(result.shape()), to_string(shape));
  return broadcast_to(result, shape, s);
}

// What the elements of `a` become when they take in `value`, in the dtype of `a`.
array combined(const array& a, const array& value, Update how, const StreamOrDevice& s) {
  switch (how) {
    case Update::set:
      return value;
    case Update::add:
      return add(a, value, s);
    case Update::subtract:
      return subtract(a, value, s);
    case Update::multiply:
      return multiply(a, value, s);
    case Update::divide:
      return astype(divide(a, value, s), a.dtype(), s);
    case Update::maximum:
      return maximum(a, value, s);
    case Update::minimum:
      break;
  }
  return minimum(a, value, s);
}

// Without index arrays: every element is named at most once.
array slice_updated(const array& a, const Selection& selection, const array& value, Update how,
                    const StreamOrDevice& s) {
  Shape starts, extents, steps;
  for (const AxisSelection& item : selection.axes) {
    starts.push_back(item.start);
    extents.push_back(item.extent);
    steps.push_back(item.step);
  }
  const array update = reshape(value, extents, s);
  if (how == Update::set) return slice_update(a, update, starts, steps, s);
  const array old = slice(a, starts, extents, steps, s);
  return slice_update(a, combined(old, update, how, s), starts, steps, s);
}

// With index arrays: a scatter over the axes from the first to the last that is not whole, merged.
array scattered(const array& a, const Selection& selection, const array& value, Update how,
                const StreamOrDevice& s) {
  const size_t rank = selection.axes.size();
  size_t first = 0, last = rank - 1;
  while (selection.is_whole(first, a.shape())) ++first;
  while (selection.is_whole(last, a.shape())) --last;

  // Axes of the result: those before the merged ones, the ones that run over them, those behind.
  std::vector<int64_t> before, over, behind;
  std::vector<bool> outside(selection.result.size(), false);
  for (size_t axis = 0; axis < rank; ++axis) {
    if (axis >= first && axis <= last) continue;
    (axis < first ? before : behind).push_back(static_cast<int64_t>(selection.axes[axis].result));
    outside[selection.axes[axis].result] = true;
  }
  std::vector<size_t> place(selection.result.size(), 0);
  Shape middle;
  for (size_t i = 0; i < outside.size(); ++i) {
    if (outside[i]) continue;
    place[i] = middle.size();
    over.push_back(static_cast<int64_t>(i));
    middle.push_back(selection.result[i]);
  }
  array positions = selection.arrays[0];
  if (first == last) {
    Shape aligned(positions.shape());
    const size_t trailing = selection.arrays_axis + selection.arrays_shape.size();
    size_t added = 0;
    for (size_t i = trailing; i < outside.size(); ++i) added += outside[i] ? 0 : 1;
    if (!aligned.empty()) aligned.resize(aligned.size() + added, 1);
    positions = reshape(positions, aligned, s);
  } else {
    positions =
        ops::merged_positions(selection, a.shape(), first, last, place, middle.size(), true, s);
  }
  const int64_t updates = element_count(middle);
  positions = reshape(broadcast_to(positions, middle, s), Shape{1, updates, 1}, s);

  std::vector<int64_t> order = before;
  order.insert(order.end(), over.begin(), over.end());
  order.insert(order.end(), behind.begin(), behind.end());
  const Dims shape = a.shape();
  const int64_t outer = element_count(shape.first(first));
  const int64_t inner = element_count(shape.subspan(last + 1));
  const array base =
      reshape(a, Shape{outer, element_count(shape.subspan(first, last - first + 1)), inner}, s);
  const array rows = reshape(transpose(value, order, s), Shape{outer, updates, inner}, s);
  return reshape(ops::scatter(base, positions, rows, how, s), shape, s);
}

// A mask alone, or behind whole axes, with values that do not vary along it needs no positions.
// Gives the axis where it stands.
std::optional<size_t> lone_mask(const Index& items) {
  std::optional<size_t> found;
  size_t axis = 0;
  for (const IndexItem& item : items) {
    const array* mask = std::get_if<array>(&item);
    if (mask) {
      if (found || mask->dtype() != Dtype::bool_ || mask->ndim() == 0) return {};
      found = axis;
      continue;
    }
    const Slice* slice = std::get_if<Slice>(&item);
    if (!slice || slice->start || slice->stop || slice->step) return {};
    ++axis;
  }
  return found;
}

std::optional<array> masked_update(const array& a, const Index& items, const Operand& value,
                                   Update how, const StreamOrDevice& s) {
  const std::optional<size_t> first = lone_mask(items);
  if (!first) return {};
  const array* mask = nullptr;
  for (const IndexItem& item : items) {
    if (const array* found = std::get_if<array>(&item)) mask = found;
  }
  const auto rank = static_cast<size_t>(a.ndim()), covered = static_cast<size_t>(mask->ndim());
  if (*first + covered > rank ||
      !std::ranges::equal(a.shape().subspan(*first, covered), mask->shape())) {
    return {};  // selecting tells what is wrong
  }
  const size_t behind = rank - *first - covered;
  const Dims given = value.as_scalar() ? Dims() : value.as_array()->shape();
  if (given.size() > *first + 1 + behind) return {};
  // The axis of the value that would run over the true elements must not.
  if (given.size() > behind && given[given.size() - 1 - behind] != 1) return {};
  Shape aligned(given);
  if (given.size() > behind) {
    for (size_t i = 1; i < covered; ++i) aligned.insert(aligned.end() - behind, 1);
  }
  array taken = value.as_scalar() ? array(*value.as_scalar(), a.dtype())
                                  : reshape(astype(*value.as_array(), a.dtype(), s), aligned, s);
  taken = fitted(a, taken, a.shape(), s);
  Shape mask_shape(mask->shape());
  mask_shape.resize(covered + behind, 1);
  return where(reshape(*mask, mask_shape, s), combined(a, taken, how, s), a, s);
}

}  // namespace

array index(const array& a, const Index& items, StreamOrDevice s) {
  Index known = items;
  const array source = ops::with_flag_axes(a, known, s);
  const Selection selection = ops::select(source.shape(), known);
  if (!selection.arrays.empty()) return gathered(source, selection, s);
  return reshape(sliced(source, selection, 0, 0, s), selection.result, s);
}

array index_update(const array& a, const Index& items, const Operand& value, Update how,
                   StreamOrDevice s) {
  if (const auto masked = masked_update(a, items, value, how, s)) return *masked;
  Index known = items;
  const array base = ops::with_flag_axes(a, known, s);
  const Selection selection = ops::select(base.shape(), known);
  const array fit = fitted(base, value, selection.result, s);
  if (fit.size() == 0) return a;
  const array result = selection.arrays.empty() ? slice_updated(base, selection, fit, how, s)
                                                : scattered(base, selection, fit, how, s);
  return reshape(result, a.shape(), s);
}

}  // namespace tandem
