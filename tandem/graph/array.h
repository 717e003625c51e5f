// array: an immutable value that knows its shape and dtype, and is computed when somebody asks for
// it. It has no location. Copying an array copies a reference. Any thread may use it.
#pragma once

#include <complex>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "tandem/base/check.h"
#include "tandem/base/dtype.h"
#include "tandem/base/shape.h"
#include "tandem/device/ids.h"
#include "tandem/graph/node.h"

namespace tandem::memory {
class FileMap;
}

namespace tandem {

// A scalar of the host language; as an operand it is weak: it takes the dtype of the arrays beside
// it.
using Scalar = std::variant<bool, int64_t, double, std::complex<float>>;

template <class T>
concept Arithmetic = std::is_arithmetic_v<T>;

template <Arithmetic T>
Scalar scalar_of(T value) {
  using Kept = std::conditional_t<std::is_same_v<T, bool>, bool,
                                  std::conditional_t<std::is_floating_point_v<T>, double, int64_t>>;
  return static_cast<Kept>(value);
}

// The dtype a scalar has on its own: bool, int32 (int64 beyond its range), float32, complex64.
Dtype dtype_of(const Scalar& scalar);

class array {
 public:
  // A scalar array.
  array(const Scalar& value, Dtype dtype);
  template <Arithmetic T>
  array(T value);
  array(std::complex<float> value) : array(Scalar(value), Dtype::complex64) {}

  // Copies `count(shape)` elements of C++ type T that stand in row-major order.
  template <class T>
  array(const T* data, Dims shape, Dtype dtype) : array(copy_of(data, sizeof(T), shape, dtype)) {}
  template <class T>
  array(std::initializer_list<T> values);

  // Copies the bytes of row-major elements of `dtype`.
  static array from_bytes(const void* data, Dims shape, Dtype dtype);
  // Takes foreign memory without copying: `owner` is let go when nobody uses the memory any more.
  // Strides are in elements.
  static array from_foreign(void* data, Dims shape, Dims strides, Dtype dtype,
                            std::shared_ptr<void> owner);
  // Row-major elements from byte `offset` of a file on, read from it when they are first used and
  // never written. Raises IoError when there is no such file or it is too short; so does whoever
  // asks for a value after the file was cut.
  static array from_file(const std::string& path, size_t offset, Dims shape, Dtype dtype);
  // Several arrays may share one open file.
  static array from_file(const std::shared_ptr<const memory::FileMap>& file, size_t offset,
                         Dims shape, Dtype dtype);

  explicit array(graph::NodeRef node) : node_(std::move(node)) {}

  Dims shape() const { return node_->shape(); }
  int64_t shape(int axis) const;
  int ndim() const { return node_->rank(); }
  Dtype dtype() const { return node_->dtype(); }
  int64_t size() const { return element_count(shape()); }
  size_t itemsize() const { return size_of(dtype()); }
  size_t nbytes() const { return static_cast<size_t>(size()) * itemsize(); }

  // True when the value is computed or being computed: no eval is needed.
  bool evaluated() const { return node_->storage() != nullptr; }
  // Computes the value and waits for it. Raises what its computation raised.
  void eval() const;

  // Host address of the first element after eval and waiting; valid while the array lives. Strides
  // in elements.
  const void* data() const;
  Strides strides() const;
  template <class T>
  const T* data() const {
    return static_cast<const T*>(data());
  }

  // The value of an array with one element; raises ShapeError otherwise.
  Scalar item() const;
  template <Arithmetic T>
  T item() const;

  const graph::NodeRef& node() const { return node_; }

 private:
  static array copy_of(const void* data, size_t element_bytes, Dims shape, Dtype dtype);

  graph::NodeRef node_;
};

// "array([1, 2, 3], dtype=int32)"; an axis longer than 6 shows 3 at each end and "..." between.
std::string to_string(const array& a);

template <class T>
constexpr Dtype dtype_for() {
  if constexpr (std::is_same_v<T, bool>) return Dtype::bool_;
  if constexpr (std::is_same_v<T, float>) return Dtype::float32;
  if constexpr (std::is_same_v<T, double>) return Dtype::float64;
  if constexpr (std::is_same_v<T, float16_t>) return Dtype::float16;
  if constexpr (std::is_same_v<T, bfloat16_t>) return Dtype::bfloat16;
  if constexpr (std::is_same_v<T, std::complex<float>>) return Dtype::complex64;
  if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
    constexpr Dtype signed_types[] = {Dtype::int8, Dtype::int16, Dtype::int32, Dtype::int64};
    constexpr Dtype unsigned_types[] = {Dtype::uint8, Dtype::uint16, Dtype::uint32, Dtype::uint64};
    constexpr int width = sizeof(T) == 1 ? 0 : sizeof(T) == 2 ? 1 : sizeof(T) == 4 ? 2 : 3;
    return std::is_signed_v<T> ? signed_types[width] : unsigned_types[width];
  }
}

// A C++ double makes a float32 array as a Python float does; float64 is asked for by dtype.
template <Arithmetic T>
array::array(T value)
    : array(scalar_of(value), std::is_floating_point_v<T> ? Dtype::float32 : dtype_for<T>()) {}

template <class T>
array::array(std::initializer_list<T> values)
    : array(std::data(values), Shape{static_cast<int64_t>(values.size())}, dtype_for<T>()) {}

template <Arithmetic T>
T array::item() const {
  return std::visit(
      [](auto value) -> T {
        if constexpr (std::is_same_v<decltype(value), std::complex<float>>) {
          return static_cast<T>(value.real());
        } else {
          return static_cast<T>(value);
        }
      },
      item());
}

}  // namespace tandem
