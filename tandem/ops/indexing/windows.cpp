#include "tandem/ops/indexing/windows.h"

#include <algorithm>
#include <numeric>

#include "tandem/ops/indexing/indexing.h"
#include "tandem/ops/shapes/views.h"

namespace tandem {
namespace {

// A window as an index, and where the axes of its indices stand in what the index selects.
struct Windows {
  Index items;
  Shape places;       // that the indices broadcast to
  int64_t first = 0;  // axis of theirs in the selection
  size_t plain = 0;   // axes without an index
};

Windows windows(const array& a, const std::vector<array>& indices, const std::vector<int64_t>& axes,
                Dims extents, std::string_view op) {
  TANDEM_USER(indices.size() == axes.size(), ArgumentError, op,
              "expects one index array for each axis: got {} for {}", indices.size(), axes.size());
  TANDEM_USER(extents.size() == a.shape().size(), ShapeError, op,
              "a window has as many axes as the array: got {}, expected {}", extents.size(),
              a.ndim());
  Windows result;
  for (size_t i = 0; i < extents.size(); ++i) {
    TANDEM_USER(extents[i] >= 0 && extents[i] <= a.shape()[i], ShapeError, op,
                "the window does not fit: got {} of shape {}", to_string(extents),
                to_string(a.shape()));
    result.items.emplace_back(Slice{0, extents[i]});
  }
  std::vector<bool> named(extents.size(), false);
  for (size_t i = 0; i < axes.size(); ++i) {
    const auto axis = static_cast<size_t>(normalize_axis(axes[i], a.ndim(), op));
    TANDEM_USER(!named[axis], ArgumentError, op, "axis {} is named twice", axes[i]);
    TANDEM_USER(extents[axis] == 1, ShapeError, op,
                "a window is one element wide where it has an index: got {} on axis {}",
                extents[axis], axis);
    named[axis] = true;
    result.items[axis] = indices[i];
    result.places = broadcast_shapes(result.places, indices[i].shape(), op);
  }
  // Index arrays side by side stand where the first one stood, else in front.
  size_t first = 0;
  while (first < named.size() && !named[first]) ++first;
  size_t end = first;
  while (end < named.size() && named[end]) ++end;
  if (end - first == axes.size()) result.first = static_cast<int64_t>(first);
  result.plain = extents.size() - axes.size();
  return result;
}

// The order that brings the axes of the indices from `from` to `to`.
std::vector<int64_t> moved(const Windows& windows, bool to_front) {
  const auto count = static_cast<int64_t>(windows.places.size());
  const auto rank = count + static_cast<int64_t>(windows.plain);
  std::vector<int64_t> order(static_cast<size_t>(rank));
  std::iota(order.begin(), order.end(), int64_t{0});
  const auto at = [&](int64_t i) { return order.begin() + i; };
  if (to_front) {
    std::rotate(at(0), at(windows.first), at(windows.first + count));
  } else {
    std::rotate(at(0), at(count), at(count + windows.first));
  }
  return order;
}

}  // namespace

array gather(const array& a, const std::vector<array>& indices, const std::vector<int64_t>& axes,
             Dims extents, StreamOrDevice s) {
  const Windows found = windows(a, indices, axes, extents, "gather");
  const array selected = index(a, found.items, s);
  Shape shape = found.places;
  shape.append(extents.begin(), extents.end());
  return reshape(axes.empty() ? selected : transpose(selected, moved(found, true), s), shape, s);
}

array scatter(const array& a, const std::vector<array>& indices, const array& updates,
              const std::vector<int64_t>& axes, Update how, StreamOrDevice s) {
  TANDEM_USER(updates.ndim() >= a.ndim(), ShapeError, "scatter",
              "updates have the axes of the indices and of a window: got shape {} for {} axes",
              to_string(updates.shape()), a.ndim());
  const Dims extents = updates.shape().last(a.shape().size());
  const Windows found = windows(a, indices, axes, extents, "scatter");
  Shape expected = found.places;
  expected.append(extents.begin(), extents.end());
  TANDEM_USER(std::ranges::equal(expected, updates.shape()), ShapeError, "scatter",
              "updates do not fit the indices: got {}, expected {}", to_string(updates.shape()),
              to_string(expected));
  Shape dropped = found.places;
  for (size_t i = 0; i < extents.size(); ++i) {
    if (!std::holds_alternative<array>(found.items[i])) dropped.push_back(extents[i]);
  }
  const array flat = reshape(updates, dropped, s);
  return index_update(a, found.items, axes.empty() ? flat : transpose(flat, moved(found, false), s),
                      how, s);
}

}  // namespace tandem
