#include "tandem/ops/indexing/scatter.h"

#include <algorithm>

#include "tandem/ops/build.h"
#include "tandem/ops/elementwise.h"
#include "tandem/ops/indexing/gather.h"
#include "tandem/ops/shapes/views.h"

namespace tandem {
namespace {

using graph::Structured;
using op_table::Update;

// The axes before `axis` as one, it, those behind as one.
Shape around(Dims shape, size_t axis) {
  return {element_count(shape.first(axis)), shape[axis], element_count(shape.subspan(axis + 1))};
}

array put(const array& a, const array& indices, const array& values, std::optional<int64_t> axis,
          Update how, std::string_view op, const StreamOrDevice& s) {
  ops::check_indices(indices, op);
  if (!axis) {
    const array flat = reshape(a, Shape{-1}, s);
    const array along = reshape(indices, Shape{-1}, s);
    const array list = reshape(broadcast_to(values, indices.shape(), s), Shape{-1}, s);
    return reshape(put(flat, along, list, 0, how, op, s), a.shape(), s);
  }
  const auto at = static_cast<size_t>(normalize_axis(*axis, a.ndim(), op));
  TANDEM_USER(a.ndim() == indices.ndim(), ShapeError, op,
              "indices need as many axes as the array: got shapes {} and {}",
              to_string(indices.shape()), to_string(a.shape()));
  Shape shape(a.shape());
  shape[at] = indices.shape()[at];
  const array positions = broadcast_to(indices, shape, s);
  const array updates = broadcast_to(astype(values, a.dtype(), s), shape, s);
  if (updates.size() == 0 || a.size() == 0) return a;
  const array result =
      ops::scatter(reshape(a, around(a.shape(), at), s), reshape(positions, around(shape, at), s),
                   reshape(updates, around(shape, at), s), how, s);
  return reshape(result, a.shape(), s);
}

}  // namespace

array slice_update(const array& a, const array& update, Dims starts, Dims steps, StreamOrDevice s) {
  const auto rank = static_cast<size_t>(a.ndim());
  TANDEM_USER(
      starts.size() == rank && steps.size() == rank && static_cast<size_t>(update.ndim()) == rank,
      ShapeError, "slice_update",
      "expects one start, one step and one axis of the update per axis: got {}, {} and {} "
      "for {}",
      starts.size(), steps.size(), update.ndim(), rank);
  SmallVector<uint64_t, 4> words;
  bool whole = true;
  for (size_t i = 0; i < rank; ++i) {
    const int64_t extent = update.shape()[i], last = starts[i] + (extent - 1) * steps[i];
    TANDEM_USER(extent == 0 || (starts[i] >= 0 && starts[i] < a.shape()[i] && last >= 0 &&
                                last < a.shape()[i]),
                ShapeError, "slice_update", "axis {} of extent {} has no elements {} to {}", i,
                a.shape()[i], starts[i], last);
    whole = whole && extent == a.shape()[i] && (steps[i] == 1 || extent <= 1);
    words.push_back(static_cast<uint64_t>(starts[i]));
  }
  const array cast = astype(update, a.dtype(), s);
  if (whole) return cast;
  if (cast.size() == 0) return a;
  const array inputs[] = {a, cast};
  return ops::make({.op = Structured::slice_update,
                    .dtype = a.dtype(),
                    .shape = a.shape(),
                    .inputs = inputs,
                    .params = words,
                    .attributes = graph::intern(steps)},
                   s);
}

array put_along_axis(const array& a, const array& indices, const array& values,
                     std::optional<int64_t> axis, StreamOrDevice s) {
  return put(a, indices, values, axis, Update::set, "put_along_axis", s);
}

array scatter_add_axis(const array& a, const array& indices, const array& values,
                       std::optional<int64_t> axis, StreamOrDevice s) {
  return put(a, indices, values, axis, Update::add, "scatter_add_axis", s);
}

namespace ops {

array scatter(const array& base, const array& index, const array& updates, Update how,
              const StreamOrDevice& s) {
  // The library reads two index dtypes.
  const bool wide = size_of(index.dtype()) == 8 || index.dtype() == Dtype::uint32;
  const array inputs[] = {base, astype(index, wide ? Dtype::int64 : Dtype::int32, s), updates};
  const int64_t words[] = {static_cast<int64_t>(how)};
  return make({.op = Structured::scatter,
               .dtype = base.dtype(),
               .shape = base.shape(),
               .inputs = inputs,
               .attributes = graph::intern(words)},
              s);
}

}  // namespace ops
}  // namespace tandem
