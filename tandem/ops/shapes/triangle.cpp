#include "tandem/ops/shapes/triangle.h"

#include <algorithm>
#include <numbers>

#include "tandem/ops/creation.h"
#include "tandem/ops/elementwise.h"
#include "tandem/ops/shapes/views.h"

namespace tandem {
namespace {

array range(int64_t from, int64_t count, const StreamOrDevice& s) {
  return arange(Scalar(from), Scalar(from + count), Scalar(int64_t{1}), Dtype::int64, s);
}

// Row + k >= column.
array at_or_below(int64_t rows, int64_t columns, int64_t k, const StreamOrDevice& s) {
  return greater_equal(expand_dims(range(k, rows, s), {1}, s), range(0, columns, s), s);
}

array triangle_mask(const array& a, int64_t k, std::string_view op, const StreamOrDevice& s) {
  TANDEM_USER(a.ndim() >= 2, ShapeError, op, "expects at least two dimensions: got shape {}",
              to_string(a.shape()));
  return at_or_below(a.shape(-2), a.shape(-1), k, s);
}

// i / (n - 1) times `scale`, for n > 1.
array positions(int64_t n, double scale, const StreamOrDevice& s) {
  const array index = arange(Scalar(int64_t{0}), Scalar(n), Scalar(int64_t{1}), Dtype::float32, s);
  return multiply(index, Scalar(scale / static_cast<double>(n - 1)), s);
}

template <class F>
array window(int64_t n, const StreamOrDevice& s, F&& shape_of_many) {
  if (n < 2) return ones(Shape{std::max<int64_t>(n, 0)}, Dtype::float32, s);
  return shape_of_many();
}

constexpr double kTurn = 2 * std::numbers::pi;

}  // namespace

array tri(int64_t n, std::optional<int64_t> m, int64_t k, Dtype dtype, StreamOrDevice s) {
  const int64_t rows = std::max<int64_t>(n, 0), columns = std::max<int64_t>(m.value_or(n), 0);
  return astype(at_or_below(rows, columns, k, s), dtype, s);
}

array tril(const array& a, int64_t k, StreamOrDevice s) {
  return where(triangle_mask(a, k, "tril", s), a, zeros({}, a.dtype(), s), s);
}

array triu(const array& a, int64_t k, StreamOrDevice s) {
  return where(triangle_mask(a, k - 1, "triu", s), zeros({}, a.dtype(), s), a, s);
}

array hanning(int64_t n, StreamOrDevice s) {
  return window(n, s, [&] { return square(sin(positions(n, kTurn / 2, s), s), s); });
}

array hamming(int64_t n, StreamOrDevice s) {
  return window(n, s, [&] {
    return subtract(Scalar(0.54), multiply(cos(positions(n, kTurn, s), s), Scalar(0.46), s), s);
  });
}

array blackman(int64_t n, StreamOrDevice s) {
  return window(n, s, [&] {
    const array once = multiply(cos(positions(n, kTurn, s), s), Scalar(0.5), s);
    const array twice = multiply(cos(positions(n, 2 * kTurn, s), s), Scalar(0.08), s);
    return add(subtract(Scalar(0.42), once, s), twice, s);
  });
}

array bartlett(int64_t n, StreamOrDevice s) {
  return window(n, s, [&] {
    return subtract(Scalar(1.0), abs(subtract(positions(n, 2, s), Scalar(1.0), s), s), s);
  });
}

}  // namespace tandem
