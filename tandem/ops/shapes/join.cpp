#include "tandem/ops/shapes/join.h"

#include <algorithm>
#include <numeric>

#include "tandem/ops/build.h"
#include "tandem/ops/creation.h"
#include "tandem/ops/elementwise.h"
#include "tandem/ops/shapes/views.h"

namespace tandem {
namespace {

// Elements start, start + step, ... along one axis.
array cut(const array& a, int axis, int64_t start, int64_t count, int64_t step,
          const StreamOrDevice& s) {
  const auto rank = static_cast<size_t>(a.ndim());
  const auto i = static_cast<size_t>(axis);
  Shape starts(rank, 0), extents(a.shape()), steps(rank, 1);
  starts[i] = count > 0 ? start : 0;
  extents[i] = count;
  steps[i] = step;
  return slice(a, starts, extents, steps, s);
}

Dtype common_dtype(std::span<const array> arrays) {
  Dtype dtype = arrays[0].dtype();
  for (const array& a : arrays) dtype = promote(dtype, a.dtype());
  return dtype;
}

// Arrays of one dtype, none empty; in groups, since a call carries the axes of all its operands.
array join(std::vector<array> arrays, int axis, const StreamOrDevice& s) {
  const auto rank = static_cast<size_t>(arrays[0].ndim());
  const size_t most = std::max<size_t>(2, 200 / rank);
  while (arrays.size() > 1) {
    std::vector<array> joined;
    for (size_t first = 0; first < arrays.size(); first += most) {
      const auto group = std::span(arrays).subspan(first, std::min(most, arrays.size() - first));
      Shape shape(group[0].shape());
      auto& extent = shape[static_cast<size_t>(axis)];
      for (const array& a : group.subspan(1)) extent += a.shape(axis);
      element_count(shape, "concatenate");
      if (group.size() == 1) {
        joined.push_back(group[0]);
        continue;
      }
      joined.push_back(ops::make({.op = graph::Structured::concatenate,
                                  .dtype = group[0].dtype(),
                                  .shape = shape,
                                  .inputs = group,
                                  .attributes = graph::intern({axis})},
                                 s));
    }
    arrays = std::move(joined);
  }
  return arrays[0];
}

void check_joinable(std::span<const array> arrays, int axis) {
  for (const array& a : arrays) {
    bool fits = a.ndim() == arrays[0].ndim();
    for (int i = 0; fits && i < a.ndim(); ++i) fits = i == axis || a.shape(i) == arrays[0].shape(i);
    TANDEM_USER(fits, ShapeError, "concatenate", "shapes must agree but for axis {}: got {} and {}",
                axis, to_string(arrays[0].shape()), to_string(a.shape()));
  }
}

}  // namespace

array concatenate(std::span<const array> arrays, std::optional<int64_t> axis, StreamOrDevice s) {
  TANDEM_USER(!arrays.empty(), ArgumentError, "concatenate",
              "expects at least one array: got none");
  const Dtype dtype = common_dtype(arrays);
  if (!axis) {
    std::vector<array> flat;
    for (const array& a : arrays) flat.push_back(flatten(a, 0, -1, s));
    return concatenate(flat, 0, s);
  }
  const int along = normalize_axis(*axis, arrays[0].ndim(), "concatenate");
  check_joinable(arrays, along);
  std::vector<array> filled;
  for (const array& a : arrays) {
    if (a.size() > 0) filled.push_back(astype(a, dtype, s));
  }
  if (!filled.empty()) return join(std::move(filled), along, s);
  Shape shape(arrays[0].shape());
  for (const array& a : arrays.subspan(1)) shape[static_cast<size_t>(along)] += a.shape(along);
  return zeros(shape, dtype, s);
}

array stack(std::span<const array> arrays, std::optional<int64_t> axis, StreamOrDevice s) {
  TANDEM_USER(!arrays.empty(), ArgumentError, "stack", "expects at least one array: got none");
  std::vector<array> expanded;
  for (const array& a : arrays) {
    TANDEM_USER(std::ranges::equal(a.shape(), arrays[0].shape()), ShapeError, "stack",
                "shapes must agree: got {} and {}", to_string(arrays[0].shape()),
                to_string(a.shape()));
    const array flat = axis ? a : flatten(a, 0, -1, s);
    expanded.push_back(
        expand_dims(flat, {normalize_axis(axis.value_or(0), flat.ndim() + 1, "stack")}, s));
  }
  return concatenate(expanded, axis.value_or(0), s);
}

std::vector<array> split(const array& a, int64_t sections, int64_t axis, StreamOrDevice s) {
  const int along = normalize_axis(axis, a.ndim(), "split");
  const int64_t extent = a.shape(along);
  TANDEM_USER(sections > 0, ArgumentError, "split", "the number of parts must be positive: got {}",
              sections);
  TANDEM_USER(extent % sections == 0, ArgumentError, "split",
              "axis {} of shape {} has no {} equal parts", axis, to_string(a.shape()), sections);
  const int64_t count = extent / sections;
  std::vector<array> parts;
  for (int64_t i = 0; i < sections; ++i) parts.push_back(cut(a, along, i * count, count, 1, s));
  return parts;
}

std::vector<array> split(const array& a, const std::vector<int64_t>& positions, int64_t axis,
                         StreamOrDevice s) {
  const int along = normalize_axis(axis, a.ndim(), "split");
  const int64_t extent = a.shape(along);
  const auto place = [&](int64_t position) {
    return std::clamp<int64_t>(position < 0 ? position + extent : position, 0, extent);
  };
  std::vector<array> parts;
  for (size_t i = 0; i <= positions.size(); ++i) {
    const int64_t first = i == 0 ? 0 : place(positions[i - 1]);
    const int64_t last = i == positions.size() ? extent : place(positions[i]);
    parts.push_back(cut(a, along, first, std::max<int64_t>(0, last - first), 1, s));
  }
  return parts;
}

std::vector<array> unstack(const array& a, int64_t axis, StreamOrDevice s) {
  const int along = normalize_axis(axis, a.ndim(), "unstack");
  Shape shape(a.shape());
  shape.erase(shape.begin() + along);
  std::vector<array> parts;
  for (int64_t i = 0; i < a.shape(along); ++i) {
    parts.push_back(reshape(cut(a, along, i, 1, 1, s), shape, s));
  }
  return parts;
}

array repeat(const array& a, int64_t repeats, std::optional<int64_t> axis, StreamOrDevice s) {
  TANDEM_USER(repeats >= 0, ArgumentError, "repeat",
              "the number of repeats must not be negative: got {}", repeats);
  if (!axis) return repeat(flatten(a, 0, -1, s), repeats, 0, s);
  const int along = normalize_axis(*axis, a.ndim(), "repeat");
  Shape wide(a.shape()), result(a.shape());
  wide.insert(wide.begin() + along + 1, repeats);
  result[static_cast<size_t>(along)] *= repeats;
  return reshape(broadcast_to(expand_dims(a, {along + 1}, s), wide, s), result, s);
}

array tile(const array& a, const std::vector<int64_t>& repetitions, StreamOrDevice s) {
  const size_t own = a.shape().size(), rank = std::max(own, repetitions.size());
  Shape apart, wide, result;
  for (size_t i = 0; i < rank; ++i) {
    const int64_t extent = i + own >= rank ? a.shape()[i + own - rank] : 1;
    const int64_t times =
        i + repetitions.size() >= rank ? repetitions[i + repetitions.size() - rank] : 1;
    TANDEM_USER(times >= 0, ArgumentError, "tile", "repetitions must not be negative: got {}",
                times);
    for (const auto& [shape, repeated] : {std::pair{&apart, int64_t{1}}, std::pair{&wide, times}}) {
      shape->push_back(repeated);
      shape->push_back(extent);
    }
    result.push_back(times * extent);
  }
  element_count(result, "tile");
  return reshape(broadcast_to(reshape(a, apart, s), wide, s), result, s);
}

array roll(const array& a, const std::vector<int64_t>& shifts,
           const std::optional<std::vector<int64_t>>& axes, StreamOrDevice s) {
  if (!axes) {
    const int64_t shift = std::accumulate(shifts.begin(), shifts.end(), int64_t{0});
    return reshape(roll(flatten(a, 0, -1, s), {shift}, std::vector<int64_t>{0}, s), a.shape(), s);
  }
  TANDEM_USER(shifts.size() == axes->size() || shifts.size() == 1 || axes->size() == 1,
              ArgumentError, "roll", "expects one shift per axis: got {} shifts for {} axes",
              shifts.size(), axes->size());
  std::vector<int64_t> distance(static_cast<size_t>(a.ndim()), 0);
  for (size_t i = 0; i < (axes->empty() ? 0 : std::max(shifts.size(), axes->size())); ++i) {
    const int64_t axis = (*axes)[axes->size() == 1 ? 0 : i];
    distance[static_cast<size_t>(normalize_axis(axis, a.ndim(), "roll"))] +=
        shifts[shifts.size() == 1 ? 0 : i];
  }
  array result = a;
  for (int axis = 0; axis < a.ndim(); ++axis) {
    const int64_t extent = a.shape(axis);
    if (a.size() == 0) break;
    const int64_t shift = (distance[static_cast<size_t>(axis)] % extent + extent) % extent;
    if (shift == 0) continue;
    const array parts[] = {cut(result, axis, extent - shift, shift, 1, s),
                           cut(result, axis, 0, extent - shift, 1, s)};
    result = concatenate(parts, axis, s);
  }
  return result;
}

array flip(const array& a, const std::optional<std::vector<int64_t>>& axes, StreamOrDevice s) {
  Shape starts(a.shape().size(), 0), steps(a.shape().size(), 1);
  const auto reverse = [&](int axis) {
    const auto i = static_cast<size_t>(axis);
    starts[i] = a.shape()[i] > 0 ? a.shape()[i] - 1 : 0;
    steps[i] = -1;
  };
  if (axes) {
    for (const int64_t axis : *axes) reverse(normalize_axis(axis, a.ndim(), "flip"));
  } else {
    for (int axis = 0; axis < a.ndim(); ++axis) reverse(axis);
  }
  return slice(a, starts, a.shape(), steps, s);
}

array diff(const array& a, int64_t n, int64_t axis, StreamOrDevice s) {
  TANDEM_USER(n >= 0, ArgumentError, "diff", "the order must not be negative: got {}", n);
  const int along = normalize_axis(axis, a.ndim(), "diff");
  array result = a;
  for (int64_t i = 0; i < std::min(n, a.shape(along)); ++i) {
    const int64_t count = result.shape(along) - 1;
    const array behind = cut(result, along, 1, count, 1, s);
    const array before = cut(result, along, 0, count, 1, s);
    result = a.dtype() == Dtype::bool_ ? tandem::not_equal(behind, before, s)
                                       : subtract(behind, before, s);
  }
  return result;
}

}  // namespace tandem
