#include "tandem/ops/random/distributions.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "tandem/ops/creation.h"
#include "tandem/ops/elementwise.h"
#include "tandem/ops/indexing/gather.h"
#include "tandem/ops/products/matmul.h"
#include "tandem/ops/random/inverse_erf.h"
#include "tandem/ops/reductions/reduce.h"
#include "tandem/ops/reductions/sort.h"
#include "tandem/ops/shapes/join.h"
#include "tandem/ops/shapes/views.h"

namespace tandem::random {
namespace {

array as_float(const Operand& value, const StreamOrDevice& s) {
  return astype(value.to_array(), Dtype::float32, s);
}

void check_fits(Dims operand, Dims shape, std::string_view op) {
  const bool fits = operand.size() <= shape.size() &&
                    std::ranges::equal(broadcast_shapes(operand, shape, op), shape);
  TANDEM_USER(fits, ShapeError, op, "parameters of shape {} do not broadcast to {}",
              to_string(operand), to_string(shape));
}

void check_floating(Dtype dtype, std::string_view op) {
  TANDEM_USER(is_floating(dtype), DTypeError, op, "expects a floating dtype: got {}",
              name_of(dtype));
}

// Column j of the last axis, kept as an axis.
array column(const array& a, int64_t j, const StreamOrDevice& s) {
  Shape starts(a.shape().size(), 0), extents(a.shape());
  starts.back() = j;
  extents.back() = 1;
  return slice(a, starts, extents, Shape(a.shape().size(), 1), s);
}

// L of cov = L L^T, column by column; a column without variance is zero.
array square_root(const array& cov, const StreamOrDevice& s) {
  const int64_t n = cov.shape(-1);
  const array row = arange(Scalar(int64_t{0}), Scalar(n), Scalar(int64_t{1}), Dtype::int32, s);
  const array rows = expand_dims(row, {1}, s);
  array rest = cov;
  std::vector<array> columns;
  for (int64_t j = 0; j < n; ++j) {
    const array here = column(rest, j, s);
    const array pivot = column(swapaxes(here, -1, -2, s), j, s);
    const array scaled = divide(here, sqrt(pivot, s), s);
    const array used = logical_and(greater_equal(rows, Scalar(j), s), greater(pivot, 0.0, s), s);
    columns.push_back(where(used, scaled, 0.0, s));
    rest = subtract(rest, multiply(columns.back(), swapaxes(columns.back(), -1, -2, s), s), s);
  }
  return concatenate(columns, -1, s);
}

}  // namespace

array randint(const Operand& low, const Operand& high, Dims shape, Dtype dtype, const Key& key,
              StreamOrDevice s) {
  TANDEM_USER(is_integer(dtype) || dtype == Dtype::bool_, DTypeError, "randint",
              "expects an integer dtype or bool: got {}", name_of(dtype));
  const array from = as_float(low, s), to = as_float(high, s);
  check_fits(broadcast_shapes(from.shape(), to.shape(), "randint"), shape, "randint");
  const array drawn = floor(uniform(from, to, shape, Dtype::float32, key, s), s);
  // Rounding may reach the upper bound.
  const array below = minimum(drawn, subtract(to, 1.0, s), s);
  return astype(maximum(below, from, s), dtype, s);
}

array bernoulli(const Operand& p, const std::optional<Shape>& shape, const Key& key,
                StreamOrDevice s) {
  const array probability = p.to_array();
  TANDEM_USER(is_floating(probability.dtype()), DTypeError, "bernoulli",
              "expects a floating probability: got {}", name_of(probability.dtype()));
  const Shape target = shape.value_or(Shape(probability.shape()));
  check_fits(probability.shape(), target, "bernoulli");
  const array drawn = uniform(Scalar(0.0), Scalar(1.0), target, Dtype::float32, key, s);
  return less(drawn, astype(probability, Dtype::float32, s), s);
}

array truncated_normal(const Operand& lower, const Operand& upper,
                       const std::optional<Shape>& shape, Dtype dtype, const Key& key,
                       StreamOrDevice s) {
  check_floating(dtype, "truncated_normal");
  const array from = as_float(lower, s), to = as_float(upper, s);
  const Shape own = broadcast_shapes(from.shape(), to.shape(), "truncated_normal");
  const Shape target = shape.value_or(own);
  check_fits(own, target, "truncated_normal");
  const double root = std::sqrt(2.0);
  const array low = erf(divide(from, Scalar(root), s), s);
  const array high = erf(divide(to, Scalar(root), s), s);
  const array drawn = uniform(low, high, target, Dtype::float32, key, s);
  const array result = multiply(ops::inverse_erf(drawn, s), Scalar(root), s);
  return astype(maximum(minimum(result, to, s), from, s), dtype, s);
}

array gumbel(Dims shape, Dtype dtype, const Key& key, StreamOrDevice s) {
  check_floating(dtype, "gumbel");
  const array drawn = uniform(Scalar(0.0), Scalar(1.0), shape, dtype, key, s);
  return negative(log(negative(log(drawn, s), s), s), s);
}

array laplace(Dims shape, Dtype dtype, double loc, double scale, const Key& key, StreamOrDevice s) {
  check_floating(dtype, "laplace");
  const double low = std::nextafter(-1.0f, 0.0f);
  const array drawn = uniform(Scalar(low), Scalar(1.0), shape, Dtype::float32, key, s);
  array result = multiply(sign(drawn, s), log1p(negative(abs(drawn, s), s), s), s);
  if (scale != 1.0) result = multiply(result, Scalar(scale), s);
  if (loc != 0.0) result = add(result, Scalar(loc), s);
  return astype(result, dtype, s);
}

array categorical(const array& logits, int64_t axis, const std::optional<Shape>& shape,
                  const Key& key, StreamOrDevice s) {
  const int along = normalize_axis(axis, logits.ndim(), "categorical");
  Shape rest(logits.shape());
  rest.erase(rest.begin() + along);
  Shape drawn = shape.value_or(rest);
  check_fits(rest, drawn, "categorical");
  const int from_end = along - logits.ndim();
  drawn.insert(drawn.end() + from_end + 1, logits.shape(along));
  const array noise = gumbel(drawn, Dtype::float32, key, s);
  return argmax(add(logits, noise, s), from_end, false, s);
}

array categorical_samples(const array& logits, int64_t axis, int64_t samples, const Key& key,
                          StreamOrDevice s) {
  const int along = normalize_axis(axis, logits.ndim(), "categorical");
  TANDEM_USER(samples >= 0, ArgumentError, "categorical",
              "the number of samples must not be negative: got {}", samples);
  Shape drawn(logits.shape());
  drawn.push_back(samples);
  const array noise = gumbel(drawn, Dtype::float32, key, s);
  return argmax(add(expand_dims(logits, {-1}, s), noise, s), along, false, s);
}

array permutation(int64_t n, const Key& key, StreamOrDevice s) {
  TANDEM_USER(n >= 0, ArgumentError, "permutation", "the count must not be negative: got {}", n);
  return argsort(bits(Shape{n}, key, s), -1, s);
}

array permutation(const array& a, int64_t axis, const Key& key, StreamOrDevice s) {
  const int along = normalize_axis(axis, a.ndim(), "permutation");
  if (a.size() == 0) return a;
  return take(a, permutation(a.shape(along), key, s), along, s);
}

array multivariate_normal(const array& mean, const array& cov, Dims shape, Dtype dtype,
                          const Key& key, StreamOrDevice s) {
  constexpr std::string_view kOp = "multivariate_normal";
  TANDEM_USER(dtype == Dtype::float32, DTypeError, kOp, "expects float32: got {}", name_of(dtype));
  TANDEM_USER(mean.ndim() >= 1, ShapeError, kOp,
              "expects a mean of at least one dimension: got ()");
  TANDEM_USER(cov.ndim() >= 2 && cov.shape(-1) == cov.shape(-2) && cov.shape(-1) == mean.shape(-1),
              ShapeError, kOp, "the covariance is not square of the mean's size: got {} for {}",
              to_string(cov.shape()), to_string(mean.shape()));
  Shape target(shape);
  const Dims means = mean.shape().first(mean.shape().size() - 1);
  const Dims covs = cov.shape().first(cov.shape().size() - 2);
  const Shape batch = broadcast_shapes(means, covs, kOp);
  if (shape.empty()) {
    target = batch;
  } else {
    check_fits(batch, target, kOp);
  }
  target.push_back(mean.shape(-1));
  const array noise = normal(target, Dtype::float32, 0.0, 1.0, key, s);
  const array root = square_root(astype(cov, Dtype::float32, s), s);
  const array turned = matmul(root, expand_dims(noise, {-1}, s), s);
  return add(squeeze(turned, std::vector<int64_t>{-1}, s), astype(mean, Dtype::float32, s), s);
}

}  // namespace tandem::random
