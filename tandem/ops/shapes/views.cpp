#include "tandem/ops/shapes/views.h"

#include <algorithm>
#include <numeric>

#include "tandem/ops/build.h"

namespace tandem {
namespace {

using graph::Structured;
using ops::view_of;

bool same(Dims a, Dims b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }

Shape deduce(const array& a, Dims shape) {
  Shape result(shape);
  int64_t known = 1;
  int unknown = -1;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] != -1) {
      known *= shape[i];
      continue;
    }
    TANDEM_USER(unknown < 0, ShapeError, "reshape", "only one extent may be -1: got {}",
                to_string(shape));
    unknown = static_cast<int>(i);
  }
  if (unknown >= 0) {
    TANDEM_USER(known != 0 && a.size() % known == 0, ShapeError, "reshape",
                "cannot reshape {} elements of shape {} to {}", a.size(), to_string(a.shape()),
                to_string(shape));
    result[static_cast<size_t>(unknown)] = a.size() / known;
  }
  TANDEM_USER(element_count(result, "reshape") == a.size(), ShapeError, "reshape",
              "cannot reshape {} elements of shape {} to {}", a.size(), to_string(a.shape()),
              to_string(shape));
  return result;
}

}  // namespace

array reshape(const array& a, Dims shape, StreamOrDevice s) {
  const Shape target = deduce(a, shape);
  if (same(target, a.shape())) return a;
  Strides strides;
  if (a.evaluated() && reshape_strides(a.shape(), a.node()->storage()->strides, target, strides)) {
    return view_of(a, target, 0, std::move(strides));
  }
  return ops::make(
      {.op = Structured::reshape, .dtype = a.dtype(), .shape = target, .inputs = std::span(&a, 1)},
      s);
}

array flatten(const array& a, int64_t start_axis, int64_t end_axis, StreamOrDevice s) {
  if (a.ndim() == 0) return reshape(a, Shape{1}, s);
  const int start = normalize_axis(start_axis, a.ndim(), "flatten");
  const int end = normalize_axis(end_axis, a.ndim(), "flatten");
  TANDEM_USER(start <= end, ArgumentError, "flatten",
              "the first axis lies behind the last: got {} and {}", start_axis, end_axis);
  Shape shape(a.shape().begin(), a.shape().begin() + start);
  shape.push_back(element_count(a.shape().subspan(
      static_cast<size_t>(start), static_cast<size_t>(end) - static_cast<size_t>(start) + 1)));
  shape.append(a.shape().begin() + end + 1, a.shape().end());
  return reshape(a, shape, s);
}

array squeeze(const array& a, std::optional<std::vector<int64_t>> axes, StreamOrDevice s) {
  SmallVector<bool, 8> removed(static_cast<size_t>(a.ndim()), false);
  if (axes) {
    for (const int64_t axis : *axes) {
      const auto i = static_cast<size_t>(normalize_axis(axis, a.ndim(), "squeeze"));
      TANDEM_USER(a.shape()[i] == 1, ShapeError, "squeeze",
                  "axis {} has extent {}, only 1 can be removed", axis, a.shape()[i]);
      TANDEM_USER(!removed[i], ArgumentError, "squeeze", "axis {} is named twice", axis);
      removed[i] = true;
    }
  } else {
    for (size_t i = 0; i < removed.size(); ++i) removed[i] = a.shape()[i] == 1;
  }
  Shape shape;
  for (size_t i = 0; i < removed.size(); ++i) {
    if (!removed[i]) shape.push_back(a.shape()[i]);
  }
  return reshape(a, shape, s);
}

array expand_dims(const array& a, const std::vector<int64_t>& axes, StreamOrDevice s) {
  const int rank = a.ndim() + static_cast<int>(axes.size());
  SmallVector<bool, 8> added(static_cast<size_t>(rank), false);
  for (const int64_t axis : axes) {
    const auto i = static_cast<size_t>(normalize_axis(axis, rank, "expand_dims"));
    TANDEM_USER(!added[i], ArgumentError, "expand_dims", "axis {} is named twice", axis);
    added[i] = true;
  }
  Shape shape;
  size_t next = 0;
  for (size_t i = 0; i < added.size(); ++i) shape.push_back(added[i] ? 1 : a.shape()[next++]);
  return reshape(a, shape, s);
}

array transpose(const array& a, std::optional<std::vector<int64_t>> axes, StreamOrDevice s) {
  const auto rank = static_cast<size_t>(a.ndim());
  SmallVector<int64_t, 4> order(rank, 0);
  if (axes) {
    TANDEM_USER(axes->size() == rank, ArgumentError, "transpose",
                "expects one axis per dimension: got {} axes for {} dimensions", axes->size(),
                rank);
    SmallVector<bool, 8> seen(rank, false);
    for (size_t i = 0; i < rank; ++i) {
      const int axis = normalize_axis((*axes)[i], a.ndim(), "transpose");
      TANDEM_USER(!seen[static_cast<size_t>(axis)], ArgumentError, "transpose",
                  "axis {} is named twice", (*axes)[i]);
      seen[static_cast<size_t>(axis)] = true;
      order[i] = axis;
    }
  } else {
    std::iota(order.begin(), order.end(), 0);
    std::reverse(order.begin(), order.end());
  }
  if (std::is_sorted(order.begin(), order.end())) return a;
  Shape shape;
  for (const int64_t axis : order) shape.push_back(a.shape()[static_cast<size_t>(axis)]);
  if (a.evaluated()) {
    Strides strides;
    for (const int64_t axis : order) {
      strides.push_back(a.node()->storage()->strides[static_cast<size_t>(axis)]);
    }
    return view_of(a, shape, 0, std::move(strides));
  }
  return ops::make({.op = Structured::transpose,
                    .dtype = a.dtype(),
                    .shape = shape,
                    .inputs = std::span(&a, 1),
                    .attributes = graph::intern(order)},
                   s);
}

array swapaxes(const array& a, int64_t first, int64_t second, StreamOrDevice s) {
  std::vector<int64_t> order(static_cast<size_t>(a.ndim()));
  std::iota(order.begin(), order.end(), 0);
  std::swap(order[static_cast<size_t>(normalize_axis(first, a.ndim(), "swapaxes"))],
            order[static_cast<size_t>(normalize_axis(second, a.ndim(), "swapaxes"))]);
  return transpose(a, order, s);
}

array moveaxis(const array& a, int64_t source, int64_t destination, StreamOrDevice s) {
  const int from = normalize_axis(source, a.ndim(), "moveaxis");
  const int to = normalize_axis(destination, a.ndim(), "moveaxis");
  std::vector<int64_t> order(static_cast<size_t>(a.ndim()));
  std::iota(order.begin(), order.end(), 0);
  order.erase(order.begin() + from);
  order.insert(order.begin() + to, from);
  return transpose(a, order, s);
}

array broadcast_to(const array& a, Dims shape, StreamOrDevice s) {
  if (same(shape, a.shape())) return a;
  element_count(shape, "broadcast_to");
  const bool fits = shape.size() >= static_cast<size_t>(a.ndim()) &&
                    same(broadcast_shapes(a.shape(), shape, "broadcast_to"), shape);
  TANDEM_USER(fits, ShapeError, "broadcast_to", "cannot broadcast {} to {}", to_string(a.shape()),
              to_string(shape));
  if (a.evaluated()) {
    const size_t added = shape.size() - a.shape().size();
    Strides strides(shape.size(), 0);
    for (size_t i = added; i < shape.size(); ++i) {
      if (a.shape()[i - added] == shape[i]) strides[i] = a.node()->storage()->strides[i - added];
    }
    return view_of(a, shape, 0, std::move(strides));
  }
  return ops::make(
      {.op = Structured::broadcast, .dtype = a.dtype(), .shape = shape, .inputs = std::span(&a, 1)},
      s);
}

array slice(const array& a, Dims starts, Dims extents, Dims steps, StreamOrDevice s) {
  const auto rank = static_cast<size_t>(a.ndim());
  TANDEM_USER(starts.size() == rank && extents.size() == rank && steps.size() == rank,
              ArgumentError, "slice",
              "expects one start, extent and step per dimension: got {}, {}, {} for {}",
              starts.size(), extents.size(), steps.size(), rank);
  bool whole = true;
  for (size_t i = 0; i < rank; ++i) {
    const int64_t last = starts[i] + (extents[i] - 1) * steps[i];
    TANDEM_USER(extents[i] == 0 || (extents[i] > 0 && starts[i] >= 0 && starts[i] < a.shape()[i] &&
                                    last >= 0 && last < a.shape()[i]),
                ShapeError, "slice", "axis {} of extent {} has no elements {} to {}", i,
                a.shape()[i], starts[i], last);
    whole = whole && extents[i] == a.shape()[i] && (steps[i] == 1 || extents[i] <= 1);
  }
  if (whole) return a;
  if (a.evaluated()) {
    int64_t offset = 0;
    Strides strides;
    for (size_t i = 0; i < rank; ++i) {
      const int64_t stride = a.node()->storage()->strides[i];
      if (extents[i] > 0) offset += starts[i] * stride;
      strides.push_back(stride * steps[i]);
    }
    return view_of(a, extents, offset, std::move(strides));
  }
  SmallVector<uint64_t, 4> words;
  for (size_t i = 0; i < rank; ++i) {
    words.push_back(extents[i] > 0 ? static_cast<uint64_t>(starts[i]) : 0);
  }
  return ops::make({.op = Structured::slice,
                    .dtype = a.dtype(),
                    .shape = extents,
                    .inputs = std::span(&a, 1),
                    .params = words,
                    .attributes = graph::intern(steps)},
                   s);
}

array contiguous(const array& a, StreamOrDevice s) {
  if (a.evaluated() && is_row_major(a.shape(), a.node()->storage()->strides)) return a;
  return ops::make({.op = Structured::contiguous,
                    .dtype = a.dtype(),
                    .shape = a.shape(),
                    .inputs = std::span(&a, 1)},
                   s);
}

}  // namespace tandem
