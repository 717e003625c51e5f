#include "tandem/ops/reductions/sort.h"

#include <algorithm>

#include "tandem/ops/build.h"
#include "tandem/ops/creation.h"
#include "tandem/ops/elementwise.h"
#include "tandem/ops/shapes/views.h"

namespace tandem {
namespace {

// An array whose rows of the last axis are worked on, and where that axis came from.
struct Turned {
  array value;
  int axis;

  int64_t length() const { return value.shape(-1); }
  array back(const array& result, const StreamOrDevice& s) const {
    return moveaxis(result, -1, axis, s);
  }
};

Turned turn(const array& a, std::optional<int64_t> axis, std::string_view op,
            const StreamOrDevice& s) {
  if (!axis) return {flatten(a, 0, -1, s), 0};
  const int from = normalize_axis(*axis, a.ndim(), op);
  return {moveaxis(a, from, -1, s), from};
}

array sorted_rows(const array& a, const StreamOrDevice& s) {
  if (a.size() == 0) return a;
  return ops::make({.op = graph::Structured::sort,
                    .dtype = a.dtype(),
                    .shape = a.shape(),
                    .inputs = std::span(&a, 1)},
                   s);
}

array sorting_positions(const array& a, std::string_view op, const StreamOrDevice& s) {
  TANDEM_USER(a.shape(-1) <= int64_t{1} << 32, ArgumentError, op,
              "positions are uint32: got {} elements", a.shape(-1));
  if (a.size() == 0) return zeros(a.shape(), Dtype::uint32, s);
  return ops::make({.op = graph::Structured::argsort,
                    .dtype = Dtype::uint32,
                    .shape = a.shape(),
                    .inputs = std::span(&a, 1)},
                   s);
}

void check_position(int64_t kth, const Turned& turned, std::string_view op) {
  const int64_t length = turned.length();
  TANDEM_USER(kth >= -length && kth < length, ArgumentError, op,
              "kth is out of range: got {}, expected {} to {}", kth, -length, length - 1);
}

array part(const array& a, int64_t start, int64_t count, const StreamOrDevice& s) {
  Shape starts(static_cast<size_t>(a.ndim()), 0), extents(a.shape());
  starts.back() = start;
  extents.back() = count;
  return slice(a, starts, extents, Shape(static_cast<size_t>(a.ndim()), 1), s);
}

}  // namespace

array sort(const array& a, std::optional<int64_t> axis, StreamOrDevice s) {
  const Turned turned = turn(a, axis, "sort", s);
  return turned.back(sorted_rows(turned.value, s), s);
}

array argsort(const array& a, std::optional<int64_t> axis, StreamOrDevice s) {
  const Turned turned = turn(a, axis, "argsort", s);
  return turned.back(sorting_positions(turned.value, "argsort", s), s);
}

array partition(const array& a, int64_t kth, std::optional<int64_t> axis, StreamOrDevice s) {
  const Turned turned = turn(a, axis, "partition", s);
  check_position(kth, turned, "partition");
  return turned.back(sorted_rows(turned.value, s), s);
}

array argpartition(const array& a, int64_t kth, std::optional<int64_t> axis, StreamOrDevice s) {
  const Turned turned = turn(a, axis, "argpartition", s);
  check_position(kth, turned, "argpartition");
  return turned.back(sorting_positions(turned.value, "argpartition", s), s);
}

array topk(const array& a, int64_t k, std::optional<int64_t> axis, StreamOrDevice s) {
  const Turned turned = turn(a, axis, "topk", s);
  const int64_t length = turned.length();
  TANDEM_USER(k >= 0 && k <= length, ArgumentError, "topk",
              "k is out of range: got {}, expected 0 to {}", k, length);
  return turned.back(part(sorted_rows(turned.value, s), length - k, k, s), s);
}

array searchsorted(const array& sorted, const array& values, Side side, StreamOrDevice s) {
  TANDEM_USER(sorted.ndim() == 1, ShapeError, "searchsorted",
              "expects a sorted sequence of one dimension: got shape {}",
              to_string(sorted.shape()));
  TANDEM_USER(sorted.size() < int64_t{1} << 32, ArgumentError, "searchsorted",
              "places are uint32: got {} elements", sorted.size());
  if (sorted.size() == 0 || values.size() == 0) return zeros(values.shape(), Dtype::uint32, s);
  const Dtype dtype = promote(sorted.dtype(), values.dtype());
  const array inputs[] = {astype(sorted, dtype, s), astype(values, dtype, s)};
  return ops::make({.op = graph::Structured::searchsorted,
                    .dtype = Dtype::uint32,
                    .shape = values.shape(),
                    .inputs = inputs,
                    .attributes = graph::intern({side == Side::right ? 1 : 0})},
                   s);
}

array median(const array& a, const Axes& axes, bool keepdims, StreamOrDevice s) {
  std::vector<bool> reduced(static_cast<size_t>(a.ndim()), !axes);
  if (axes) {
    for (const int64_t axis : *axes) {
      const auto i = static_cast<size_t>(normalize_axis(axis, a.ndim(), "median"));
      TANDEM_USER(!reduced[i], ArgumentError, "median", "axis {} is named twice", axis);
      reduced[i] = true;
    }
  }
  // The reduced axes become one, behind the others.
  std::vector<int64_t> order;
  Shape kept, with_ones;
  for (const bool last : {false, true}) {
    for (size_t i = 0; i < reduced.size(); ++i) {
      if (reduced[i] == last) order.push_back(static_cast<int64_t>(i));
    }
  }
  for (size_t i = 0; i < reduced.size(); ++i) {
    if (!reduced[i]) kept.push_back(a.shape()[i]);
    with_ones.push_back(reduced[i] ? 1 : a.shape()[i]);
  }
  int64_t length = 1;
  for (size_t i = 0; i < reduced.size(); ++i) length *= reduced[i] ? a.shape()[i] : 1;
  TANDEM_USER(length > 0, ArgumentError, "median", "an empty extent has no median: got shape {}",
              to_string(a.shape()));
  const array wide = is_inexact(a.dtype()) ? a : astype(a, Dtype::float32, s);
  Shape rows(kept);
  rows.push_back(length);
  const array sorted = sorted_rows(reshape(transpose(wide, order, s), rows, s), s);
  array middle = part(sorted, length / 2, 1, s);
  if (length % 2 == 0) {
    middle = multiply(add(part(sorted, length / 2 - 1, 1, s), middle, s), Scalar(0.5), s);
  }
  const array last = part(sorted, length - 1, 1, s);  // NaN when there is one
  return reshape(where(isnan(last, s), last, middle, s), keepdims ? with_ones : kept, s);
}

}  // namespace tandem
