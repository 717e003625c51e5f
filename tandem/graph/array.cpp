#include "tandem/graph/array.h"

#include <cstring>
#include <limits>

#include "tandem/graph/evaluator.h"
#include "tandem/graph/scalar_bits.h"
#include "tandem/graph/streams.h"

namespace tandem {
namespace {

using graph::evaluator;
using graph::Node;
using graph::NodeInit;
using graph::NodeRef;

}  // namespace

Dtype dtype_of(const Scalar& scalar) {
  switch (scalar.index()) {
    case 0:
      return Dtype::bool_;
    case 1: {
      const int64_t value = std::get<int64_t>(scalar);
      const bool fits = value >= std::numeric_limits<int32_t>::min() &&
                        value <= std::numeric_limits<int32_t>::max();
      return fits ? Dtype::int32 : Dtype::int64;
    }
    case 2:
      return Dtype::float32;
    default:
      return Dtype::complex64;
  }
}

array::array(const Scalar& value, Dtype dtype) {
  const uint64_t word = graph::encode_scalar(value, dtype);
  NodeInit init;
  init.op = graph::Structured::full;
  init.dtype = dtype;
  init.stream = static_cast<uint16_t>(resolve({}).index);
  init.params = std::span(&word, 1);
  node_ = Node::make(init);
}

array array::from_bytes(const void* data, Dims shape, Dtype dtype) {
  const size_t bytes = static_cast<size_t>(element_count(shape, "array")) * size_of(dtype);
  auto storage = make_ref<graph::Storage>();
  storage->buffer = evaluator().allocate_host(bytes);
  storage->strides = row_major_strides(shape);
  if (bytes > 0) std::memcpy(storage->buffer->origin().data, data, bytes);
  return array(Node::make(dtype, shape, std::move(storage)));
}

array array::copy_of(const void* data, size_t element_bytes, Dims shape, Dtype dtype) {
  TANDEM_USER(element_bytes == size_of(dtype), DTypeError, "array",
              "elements of {} bytes cannot be {}", element_bytes, name_of(dtype));
  return from_bytes(data, shape, dtype);
}

array array::from_foreign(void* data, Dims shape, Dims strides, Dtype dtype,
                          std::shared_ptr<void> owner) {
  element_count(shape, "array");
  const auto [first, last] = element_reach(shape, strides);
  const auto item = static_cast<int64_t>(size_of(dtype));
  auto storage = make_ref<graph::Storage>();
  storage->buffer =
      evaluator().adopt_host(static_cast<std::byte*>(data) + first * item,
                             static_cast<size_t>((last - first) * item), std::move(owner));
  storage->offset = -first;
  storage->strides = Strides(strides);
  return array(Node::make(dtype, shape, std::move(storage)));
}

array array::from_file(const std::string& path, size_t offset, Dims shape, Dtype dtype) {
  return from_file(memory::FileMap::open(path), offset, shape, dtype);
}

array array::from_file(const std::shared_ptr<const memory::FileMap>& file, size_t offset,
                       Dims shape, Dtype dtype) {
  const size_t bytes = static_cast<size_t>(element_count(shape, "from_file")) * size_of(dtype);
  TANDEM_USER(offset % size_of(dtype) == 0, ArgumentError, "from_file",
              "the offset is no multiple of the element size: got {}, expected a multiple of {}",
              offset, size_of(dtype));
  file->check(offset, bytes);
  if (bytes == 0) return from_bytes(nullptr, shape, dtype);
  auto storage = make_ref<graph::Storage>();
  storage->buffer =
      evaluator().adopt_host(const_cast<std::byte*>(file->data() + offset), bytes, nullptr);
  storage->buffer->set_file(file, offset);
  storage->strides = row_major_strides(shape);
  return array(Node::make(dtype, shape, std::move(storage)));
}

int64_t array::shape(int axis) const {
  return shape()[static_cast<size_t>(normalize_axis(axis, ndim(), "shape"))];
}

void array::eval() const { evaluator().eval(std::span(this, 1), true); }

const void* array::data() const {
  if (!evaluated()) eval();
  graph::Storage& storage = *node_->storage();
  return evaluator().host_copy(storage) + storage.offset * static_cast<int64_t>(itemsize());
}

Strides array::strides() const {
  return evaluated() ? node_->storage()->strides : row_major_strides(shape());
}

Scalar array::item() const {
  TANDEM_USER(size() == 1, ShapeError, "item", "expects an array with one element: got shape {}",
              to_string(shape()));
  if (!evaluated() && node_->op().is(graph::Structured::full)) {
    return graph::decode_scalar(node_->params()[0], dtype());
  }
  return graph::load_scalar(data(), dtype());
}

}  // namespace tandem
