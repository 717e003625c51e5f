#include "tandem/ops/shapes/layout.h"

#include <algorithm>

#include "tandem/ops/build.h"
#include "tandem/ops/shapes/views.h"

namespace tandem {
namespace {

// The shape of the same bytes; checked.
Shape retyped_shape(const array& a, Dtype dtype) {
  const auto from = static_cast<int64_t>(a.itemsize()), to = static_cast<int64_t>(size_of(dtype));
  Shape shape(a.shape());
  if (from == to) return shape;
  TANDEM_USER(!shape.empty(), ShapeError, "view",
              "a scalar keeps its size: got {} as {}, expected a dtype of {} bytes",
              name_of(a.dtype()), name_of(dtype), from);
  TANDEM_USER(shape.back() * from % to == 0, ShapeError, "view",
              "the last axis of shape {} has {} bytes, which is no multiple of the {} of {}",
              to_string(a.shape()), shape.back() * from, to, name_of(dtype));
  shape.back() = shape.back() * from / to;
  return shape;
}

// Strides of evaluated elements in units of another size; false when they do not come out even.
bool retyped_layout(const graph::Storage& storage, int64_t from, int64_t to, int64_t& offset,
                    Strides& strides) {
  strides = storage.strides;
  offset = storage.offset;
  if (from == to) return true;
  if (strides.back() != 1 || offset * from % to != 0) return false;
  offset = offset * from / to;
  for (size_t i = 0; i + 1 < strides.size(); ++i) {
    if (strides[i] * from % to != 0) return false;
    strides[i] = strides[i] * from / to;
  }
  return true;
}

}  // namespace

array unflatten(const array& a, int64_t axis, Dims shape, StreamOrDevice s) {
  const int along = normalize_axis(axis, a.ndim(), "unflatten");
  TANDEM_USER(!shape.empty(), ShapeError, "unflatten", "expects at least one extent: got ()");
  const int64_t extent = a.shape(along);
  Shape parts(shape);
  int64_t known = 1;
  int unknown = 0;
  for (const int64_t part : shape) (part == -1 ? ++unknown : known *= part);
  if (unknown == 1 && known > 0 && extent % known == 0) {
    *std::find(parts.begin(), parts.end(), -1) = extent / known;
    known = extent;
  }
  TANDEM_USER(known == extent && unknown <= 1, ShapeError, "unflatten",
              "axis {} of shape {} cannot become {}", axis, to_string(a.shape()), to_string(shape));
  Shape result(a.shape().first(static_cast<size_t>(along)));
  result.append(parts.begin(), parts.end());
  result.append(a.shape().begin() + along + 1, a.shape().end());
  return reshape(a, result, s);
}

array atleast_1d(const array& a, StreamOrDevice s) {
  return a.ndim() >= 1 ? a : reshape(a, Shape{1}, s);
}

array atleast_2d(const array& a, StreamOrDevice s) {
  return a.ndim() >= 2 ? a : expand_dims(atleast_1d(a, s), {0}, s);
}

array atleast_3d(const array& a, StreamOrDevice s) {
  return a.ndim() >= 3 ? a : expand_dims(atleast_2d(a, s), {2}, s);
}

std::vector<array> broadcast_arrays(std::span<const array> arrays, StreamOrDevice s) {
  Shape shape;
  for (const array& a : arrays) shape = broadcast_shapes(shape, a.shape(), "broadcast_arrays");
  std::vector<array> result;
  for (const array& a : arrays) result.push_back(broadcast_to(a, shape, s));
  return result;
}

array view(const array& a, Dtype dtype, StreamOrDevice s) {
  if (dtype == a.dtype()) return a;
  const Shape shape = retyped_shape(a, dtype);
  const auto from = static_cast<int64_t>(a.itemsize()), to = static_cast<int64_t>(size_of(dtype));
  if (a.evaluated()) {
    const graph::Storage& source = *a.node()->storage();
    auto storage = make_ref<graph::Storage>();
    if (retyped_layout(source, from, to, storage->offset, storage->strides)) {
      storage->buffer = source.buffer;
      return array(graph::Node::make(dtype, shape, std::move(storage)));
    }
  }
  return ops::make({.op = graph::Structured::view_bytes,
                    .dtype = dtype,
                    .shape = shape,
                    .inputs = std::span(&a, 1)},
                   s);
}

std::vector<array> meshgrid(std::span<const array> arrays, bool sparse, Grid indexing,
                            StreamOrDevice s) {
  const size_t rank = arrays.size();
  std::vector<array> result;
  for (size_t i = 0; i < rank; ++i) {
    const bool exchanged = indexing == Grid::xy && rank > 1 && i < 2;
    Shape shape(rank, 1);
    shape[exchanged ? 1 - i : i] = arrays[i].size();
    result.push_back(reshape(arrays[i], shape, s));
  }
  return sparse ? result : broadcast_arrays(result, s);
}

}  // namespace tandem
