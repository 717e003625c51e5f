#include "tandem/ops/complex_fold.h"

#include <vector>

#include "tandem/ops/creation.h"
#include "tandem/ops/elementwise.h"
#include "tandem/ops/join.h"
#include "tandem/ops/reduce.h"
#include "tandem/ops/views.h"

namespace tandem::ops {
namespace {

array part(const array& a, int axis, int64_t start, int64_t count, const StreamOrDevice& s) {
  const auto rank = static_cast<size_t>(a.ndim());
  Shape starts(rank, 0), extents(a.shape()), steps(rank, 1);
  starts[static_cast<size_t>(axis)] = start;
  extents[static_cast<size_t>(axis)] = count;
  return slice(a, starts, extents, steps, s);
}

array with_nans(const Operand& x, const Operand& y, const array& chosen, const StreamOrDevice& s) {
  return where(isnan(x, s), x, where(isnan(y, s), y, chosen, s), s);
}

}  // namespace

array greater_complex(const Operand& x, const Operand& y, StreamOrDevice s) {
  return with_nans(x, y, maximum(x, y, s), s);
}

array lesser_complex(const Operand& x, const Operand& y, StreamOrDevice s) {
  return with_nans(x, y, minimum(x, y, s), s);
}

array fold(const array& a, uint64_t mask, bool keepdims, Pairwise combine,
           const StreamOrDevice& s) {
  std::vector<int64_t> order;
  Shape rows, result;
  int64_t count = 1;
  for (const bool last : {false, true}) {
    for (int axis = 0; axis < a.ndim(); ++axis) {
      if ((mask >> axis & 1) == (last ? 1U : 0U)) order.push_back(axis);
    }
  }
  for (int axis = 0; axis < a.ndim(); ++axis) {
    const bool reduced = (mask >> axis & 1) != 0;
    if (reduced) count *= a.shape(axis);
    if (!reduced) rows.push_back(a.shape(axis));
    if (!reduced || keepdims) result.push_back(reduced ? 1 : a.shape(axis));
  }
  const int line = static_cast<int>(rows.size());
  rows.push_back(count);
  array value = reshape(transpose(a, order, s), rows, s);
  while (count > 1) {
    const int64_t half = count / 2;
    const array pairs = combine(part(value, line, 0, half, s), part(value, line, half, half, s), s);
    if (count % 2 == 0) {
      value = pairs;
    } else {
      const array parts[] = {pairs, part(value, line, 2 * half, 1, s)};
      value = concatenate(parts, line, s);
    }
    count -= half;
  }
  return reshape(value, result, s);
}

array scan_pairs(const array& a, int axis, bool reverse, bool inclusive, Pairwise combine,
                 const Scalar& initial, const StreamOrDevice& s) {
  const int64_t length = a.shape(axis);
  if (a.size() == 0) return a;
  const std::vector<int64_t> axes = {axis};
  array value = reverse ? flip(a, axes, s) : a;
  for (int64_t distance = 1; distance < length; distance *= 2) {
    const int64_t rest = length - distance;
    const array parts[] = {
        part(value, axis, 0, distance, s),
        combine(part(value, axis, 0, rest, s), part(value, axis, distance, rest, s), s)};
    value = concatenate(parts, axis, s);
  }
  if (!inclusive) {
    Shape first(a.shape());
    first[static_cast<size_t>(axis)] = 1;
    const array parts[] = {full(first, initial, a.dtype(), s), part(value, axis, 0, length - 1, s)};
    value = concatenate(parts, axis, s);
  }
  return reverse ? flip(value, axes, s) : value;
}

array first_position(const array& a, const array& extreme, std::optional<int64_t> axis,
                     bool keepdims, const StreamOrDevice& s) {
  return argmax(logical_or(tandem::equal(a, extreme, s), isnan(a, s), s), axis, keepdims, s);
}

}  // namespace tandem::ops
