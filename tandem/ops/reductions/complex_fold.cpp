#include "tandem/ops/reductions/complex_fold.h"

#include <vector>

#include "tandem/ops/creation.h"
#include "tandem/ops/elementwise.h"
#include "tandem/ops/reductions/reduce.h"
#include "tandem/ops/shapes/join.h"
#include "tandem/ops/shapes/views.h"

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

namespace {

// Every other element of a line of `count`, from `start` on.
array every_other(const array& a, int axis, int64_t start, int64_t count, const StreamOrDevice& s) {
  const auto rank = static_cast<size_t>(a.ndim());
  const auto along = static_cast<size_t>(axis);
  Shape starts(rank, 0), extents(a.shape()), steps(rank, 1);
  starts[along] = start;
  extents[along] = count;
  steps[along] = 2;
  return slice(a, starts, extents, steps, s);
}

// The scan of pairs is that of the elements at odd places; an element at an even place comes behind
// the pairs before it. Each element is combined about twice.
array inclusive_scan(const array& a, int axis, Pairwise combine, const StreamOrDevice& s) {
  const int64_t length = a.shape(axis);
  const int64_t pairs = length / 2;
  const int64_t singles = length - pairs;  // elements at even places
  if (pairs == 0) return a;
  const array even = every_other(a, axis, 0, singles, s);
  const array odd =
      inclusive_scan(combine(part(even, axis, 0, pairs, s), every_other(a, axis, 1, pairs, s), s),
                     axis, combine, s);
  const array first = part(even, axis, 0, 1, s);
  if (singles == 1) {
    const array two[] = {first, odd};
    return concatenate(two, axis, s);
  }
  const array behind =
      combine(part(odd, axis, 0, singles - 1, s), part(even, axis, 1, singles - 1, s), s);
  const array evens[] = {first, part(behind, axis, 0, pairs - 1, s)};
  const array columns[] = {concatenate(evens, axis, s), odd};
  Shape shape(a.shape());
  shape[static_cast<size_t>(axis)] = 2 * pairs;
  const array whole = reshape(stack(columns, axis + 1, s), shape, s);
  if (singles == pairs) return whole;
  const array parts[] = {whole, part(behind, axis, pairs - 1, 1, s)};
  return concatenate(parts, axis, s);
}

}  // namespace

array scan_pairs(const array& a, int axis, bool reverse, bool inclusive, Pairwise combine,
                 const Scalar& initial, const StreamOrDevice& s) {
  const int64_t length = a.shape(axis);
  if (a.size() == 0) return a;
  const std::vector<int64_t> axes = {axis};
  array value = inclusive_scan(reverse ? flip(a, axes, s) : a, axis, combine, s);
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
