#include "tandem/ops/creation.h"

#include <cmath>
#include <limits>

#include "tandem/graph/scalar_bits.h"
#include "tandem/ops/build.h"
#include "tandem/ops/elementwise.h"
#include "tandem/ops/shapes/views.h"

namespace tandem {
namespace {

double as_double(const Scalar& scalar, std::string_view op) {
  if (const bool* value = std::get_if<bool>(&scalar)) return *value;
  if (const int64_t* value = std::get_if<int64_t>(&scalar)) return static_cast<double>(*value);
  if (const double* value = std::get_if<double>(&scalar)) return *value;
  raise<DTypeError>(op, "expects real numbers: got a complex one");
}

bool is_whole(const Scalar& scalar) {
  return std::holds_alternative<bool>(scalar) || std::holds_alternative<int64_t>(scalar);
}

int64_t as_int64(const Scalar& scalar) {
  if (const bool* value = std::get_if<bool>(&scalar)) return *value;
  return std::get<int64_t>(scalar);
}

// ceil((stop - start) / step), exactly for whole numbers.
int64_t arange_count(const Scalar& start, const Scalar& stop, const Scalar& step) {
  if (is_whole(start) && is_whole(stop) && is_whole(step)) {
    const __int128 distance = static_cast<__int128>(as_int64(stop)) - as_int64(start);
    const __int128 stride = as_int64(step);
    TANDEM_USER(stride != 0, ArgumentError, "arange", "the step must not be zero");
    if ((distance > 0) != (stride > 0) || distance == 0) return 0;
    const __int128 count = (distance + stride + (stride > 0 ? -1 : 1)) / stride;
    TANDEM_USER(count <= std::numeric_limits<int64_t>::max(), ArgumentError, "arange",
                "the range has more than 2^63 values");
    return static_cast<int64_t>(count);
  }
  const double from = as_double(start, "arange"), to = as_double(stop, "arange");
  const double stride = as_double(step, "arange");
  TANDEM_USER(stride != 0 && std::isfinite(from) && std::isfinite(to) && !std::isnan(stride),
              ArgumentError, "arange",
              "start and stop must be finite and the step not zero: got {}, {}, {}", from, to,
              stride);
  const double count = std::ceil((to - from) / stride);
  TANDEM_USER(count < 0x1p62, ArgumentError, "arange", "the range has {} values", count);
  return count > 0 ? static_cast<int64_t>(count) : 0;
}

}  // namespace

array full(Dims shape, const Scalar& value, std::optional<Dtype> dtype, StreamOrDevice s) {
  element_count(shape, "full");
  const Dtype type = dtype.value_or(dtype_of(value));
  graph::check_fits(value, type, "full");
  const uint64_t word = graph::encode_scalar(value, type);
  return ops::make(
      {.op = graph::Structured::full, .dtype = type, .shape = shape, .params = std::span(&word, 1)},
      s);
}

array full(Dims shape, const array& value, std::optional<Dtype> dtype, StreamOrDevice s) {
  return broadcast_to(astype(value, dtype.value_or(value.dtype()), s), shape, s);
}

array zeros(Dims shape, Dtype dtype, StreamOrDevice s) {
  return full(shape, Scalar(int64_t{0}), dtype, s);
}
array ones(Dims shape, Dtype dtype, StreamOrDevice s) {
  return full(shape, Scalar(int64_t{1}), dtype, s);
}
array zeros_like(const array& a, StreamOrDevice s) { return zeros(a.shape(), a.dtype(), s); }
array ones_like(const array& a, StreamOrDevice s) { return ones(a.shape(), a.dtype(), s); }
array full_like(const array& a, const Scalar& value, std::optional<Dtype> dtype, StreamOrDevice s) {
  return full(a.shape(), value, dtype.value_or(a.dtype()), s);
}

array arange(const Scalar& start, const Scalar& stop, const Scalar& step,
             std::optional<Dtype> dtype, StreamOrDevice s) {
  const int64_t count = arange_count(start, stop, step);
  Dtype natural = Dtype::float32;
  if (is_whole(start) && is_whole(stop) && is_whole(step)) {
    natural = promote(promote(dtype_of(start), dtype_of(stop)), dtype_of(step));
    if (natural == Dtype::bool_) natural = Dtype::int32;
  }
  const Dtype type = dtype.value_or(natural);
  TANDEM_USER(type != Dtype::bool_, DTypeError, "arange", "expects numbers: got dtype {}",
              name_of(type));
  if (is_complex(type)) return astype(arange(start, stop, step, Dtype::float32, s), type, s);
  const uint64_t words[] = {graph::encode_scalar(start, type), graph::encode_scalar(step, type)};
  return ops::make(
      {.op = graph::Structured::arange, .dtype = type, .shape = Dims(&count, 1), .params = words},
      s);
}

array linspace(double start, double stop, int64_t num, Dtype dtype, StreamOrDevice s) {
  TANDEM_USER(num >= 0, ArgumentError, "linspace",
              "the number of values must not be negative: got {}", num);
  if (num <= 1) return full(Shape{num}, Scalar(start), dtype, s);
  const array index =
      arange(Scalar(int64_t{0}), Scalar(num), Scalar(int64_t{1}), Dtype::float32, s);
  const array fraction = divide(index, Scalar(static_cast<double>(num - 1)), s);
  const array from = multiply(subtract(Scalar(1.0), fraction, s), Scalar(start), s);
  return astype(add(from, multiply(fraction, Scalar(stop), s), s), dtype, s);
}

array eye(int64_t n, std::optional<int64_t> m, int64_t k, Dtype dtype, StreamOrDevice s) {
  const int64_t columns = m.value_or(n);
  TANDEM_USER(n >= 0 && columns >= 0, ShapeError, "eye",
              "extents must not be negative: got {} x {}", n, columns);
  const auto range = [&](int64_t from, int64_t count) {
    return arange(Scalar(from), Scalar(from + count), Scalar(int64_t{1}), Dtype::int64, s);
  };
  const array rows = expand_dims(range(k, n), {1}, s);
  return astype(tandem::equal(rows, range(0, columns), s), dtype, s);
}

array identity(int64_t n, Dtype dtype, StreamOrDevice s) { return eye(n, n, 0, dtype, s); }

}  // namespace tandem
