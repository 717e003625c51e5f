#include "tandem/ops/indexing/gather.h"

#include <numeric>

#include "tandem/ops/build.h"
#include "tandem/ops/shapes/views.h"

namespace tandem {
namespace {

using graph::Structured;

void check_axis_has_elements(const array& a, int axis, const array& indices, std::string_view op) {
  TANDEM_USER(a.shape(axis) > 0 || indices.size() == 0, AxisError, op,
              "nothing can be taken from an axis of extent 0: got shape {} and axis {}",
              to_string(a.shape()), axis);
}

}  // namespace

namespace ops {

array gather(const array& source, const array& index, Dims shape, std::span<const int64_t> words,
             const StreamOrDevice& s) {
  const array inputs[] = {source, index};
  return make({.op = Structured::gather,
               .dtype = source.dtype(),
               .shape = shape,
               .inputs = inputs,
               .attributes = graph::intern(words)},
              s);
}

void check_indices(const array& indices, std::string_view op) {
  TANDEM_USER(is_integer(indices.dtype()), DTypeError, op, "indices are whole numbers: got {}",
              name_of(indices.dtype()));
}

}  // namespace ops

array take(const array& a, const array& indices, std::optional<int64_t> axis, StreamOrDevice s) {
  ops::check_indices(indices, "take");
  if (!axis) return take(reshape(a, Shape{-1}, s), indices, 0, s);
  const int taken = normalize_axis(*axis, a.ndim(), "take");
  check_axis_has_elements(a, taken, indices, "take");
  Shape shape, aligned(indices.shape());
  SmallVector<int64_t, 4> words;
  for (int i = 0; i < a.ndim(); ++i) {
    if (i == taken) {
      shape.append(indices.shape().begin(), indices.shape().end());
      words.push_back(graph::kGatheredAxis);
      continue;
    }
    words.push_back(static_cast<int64_t>(shape.size()));
    shape.push_back(a.shape(i));
    if (i > taken) aligned.push_back(1);
  }
  element_count(shape, "take");
  return ops::gather(a, reshape(indices, aligned, s), shape, words, s);
}

array take(const array& a, int64_t index, std::optional<int64_t> axis, StreamOrDevice s) {
  if (!axis) return take(reshape(a, Shape{-1}, s), index, 0, s);
  const auto taken = static_cast<size_t>(normalize_axis(*axis, a.ndim(), "take"));
  const int64_t extent = a.shape()[taken];
  TANDEM_USER(index >= -extent && index < extent, AxisError, "take",
              "index out of range on axis {}: got {}, expected {} to {}", taken, index, -extent,
              extent - 1);
  Shape starts(a.shape().size(), 0), extents(a.shape()), steps(a.shape().size(), 1), left;
  starts[taken] = index < 0 ? index + extent : index;
  extents[taken] = 1;
  for (size_t i = 0; i < extents.size(); ++i) {
    if (i != taken) left.push_back(extents[i]);
  }
  return reshape(slice(a, starts, extents, steps, s), left, s);
}

array take_along_axis(const array& a, const array& indices, std::optional<int64_t> axis,
                      StreamOrDevice s) {
  ops::check_indices(indices, "take_along_axis");
  TANDEM_USER(axis || indices.ndim() == 1, ShapeError, "take_along_axis",
              "indices of a flattened array have one axis: got shape {}",
              to_string(indices.shape()));
  if (!axis) return take_along_axis(reshape(a, Shape{-1}, s), indices, 0, s);
  const int along = normalize_axis(*axis, a.ndim(), "take_along_axis");
  TANDEM_USER(a.ndim() == indices.ndim(), ShapeError, "take_along_axis",
              "indices need as many axes as the array: got shapes {} and {}",
              to_string(indices.shape()), to_string(a.shape()));
  check_axis_has_elements(a, along, indices, "take_along_axis");
  Shape beside(a.shape());
  beside[static_cast<size_t>(along)] = 1;
  const Shape shape = broadcast_shapes(indices.shape(), beside, "take_along_axis");
  SmallVector<int64_t, 4> words(shape.size(), 0);
  std::iota(words.begin(), words.end(), 0);
  words[static_cast<size_t>(along)] = graph::kGatheredAxis;
  return ops::gather(a, indices, shape, words, s);
}

}  // namespace tandem
