// pad: by a value through a library call, by the array's own elements as runs that are joined.
#include <algorithm>

#include "tandem/ops/build.h"
#include "tandem/ops/creation.h"
#include "tandem/ops/elementwise.h"
#include "tandem/ops/shapes/join.h"
#include "tandem/ops/shapes/views.h"

namespace tandem {
namespace {

// The element that stands at `position` of an axis of `extent` elements, beyond its ends.
int64_t mirrored(int64_t position, int64_t extent, PadMode mode) {
  if (mode == PadMode::edge || extent == 1) return std::clamp<int64_t>(position, 0, extent - 1);
  const int64_t skipped = mode == PadMode::reflect ? 1 : 0;  // the edges stand once
  const int64_t period = 2 * (extent - skipped);
  const int64_t phase = (position % period + period) % period;
  return phase < extent ? phase : period - phase - 1 + skipped;
}

// Elements first, first + step, ...; the same one again for step 0.
struct Stretch {
  int64_t first, count, step;
};

// The stretches that cover [begin, end).
std::vector<Stretch> stretches(int64_t begin, int64_t end, int64_t extent, PadMode mode) {
  std::vector<Stretch> result;
  for (int64_t position = begin; position < end; ++position) {
    const int64_t element = mirrored(position, extent, mode);
    if (!result.empty()) {
      Stretch& last = result.back();
      const int64_t step = element - (last.first + (last.count - 1) * last.step);
      if (last.count == 1) last.step = step;
      if (step == last.step && std::abs(step) <= 1) {
        ++last.count;
        continue;
      }
    }
    result.push_back({element, 1, 0});
  }
  return result;
}

array stretch_of(const array& a, int axis, const Stretch& stretch, const StreamOrDevice& s) {
  const auto rank = static_cast<size_t>(a.ndim());
  const auto i = static_cast<size_t>(axis);
  Shape starts(rank, 0), extents(a.shape()), steps(rank, 1);
  starts[i] = stretch.first;
  extents[i] = stretch.step == 0 ? 1 : stretch.count;
  steps[i] = stretch.step == 0 ? 1 : stretch.step;
  const array part = slice(a, starts, extents, steps, s);
  extents[i] = stretch.count;
  return broadcast_to(part, extents, s);
}

array pad_by_elements(const array& a, std::span<const PadWidth> widths, PadMode mode,
                      const StreamOrDevice& s) {
  array result = a;
  for (int axis = 0; axis < a.ndim(); ++axis) {
    const auto [before, after] = widths[static_cast<size_t>(axis)];
    if (before == 0 && after == 0) continue;
    const int64_t extent = a.shape(axis);
    TANDEM_USER(extent > 0, ArgumentError, "pad",
                "axis {} is empty and has no elements to pad with: got shape {}", axis,
                to_string(a.shape()));
    std::vector<array> parts;
    for (const Stretch& part : stretches(-before, 0, extent, mode)) {
      parts.push_back(stretch_of(result, axis, part, s));
    }
    parts.push_back(result);
    for (const Stretch& part : stretches(extent, extent + after, extent, mode)) {
      parts.push_back(stretch_of(result, axis, part, s));
    }
    result = concatenate(parts, axis, s);
  }
  return result;
}

}  // namespace

array pad(const array& a, std::span<const PadWidth> widths, PadMode mode, const Operand& value,
          StreamOrDevice s) {
  TANDEM_USER(widths.size() == a.shape().size(), ArgumentError, "pad",
              "expects one width per dimension: got {} for shape {}", widths.size(),
              to_string(a.shape()));
  Shape shape(a.shape());
  std::vector<uint64_t> before;
  for (size_t i = 0; i < widths.size(); ++i) {
    TANDEM_USER(widths[i].before >= 0 && widths[i].after >= 0, ArgumentError, "pad",
                "widths must not be negative: got ({}, {}) for axis {}", widths[i].before,
                widths[i].after, i);
    shape[i] += widths[i].before + widths[i].after;
    before.push_back(static_cast<uint64_t>(widths[i].before));
  }
  element_count(shape, "pad");
  const array filling = astype(value.to_array(), a.dtype(), s);
  TANDEM_USER(filling.size() == 1, ShapeError, "pad", "expects one value to pad with: got shape {}",
              to_string(filling.shape()));
  if (std::ranges::equal(shape, a.shape())) return a;
  if (mode != PadMode::constant) return pad_by_elements(a, widths, mode, s);
  const array scalar = reshape(filling, {}, s);
  if (a.size() == 0) return broadcast_to(scalar, shape, s);
  const array inputs[] = {a, scalar};
  return ops::make({.op = graph::Structured::pad,
                    .dtype = a.dtype(),
                    .shape = shape,
                    .inputs = inputs,
                    .params = before},
                   s);
}

}  // namespace tandem
