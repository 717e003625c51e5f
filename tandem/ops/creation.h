// Arrays from nothing: constants and ranges. They are generators: fused into what reads them, never
// stored unless asked for.
#pragma once

#include <optional>

#include "tandem/ops/operand.h"

namespace tandem {

// `value` everywhere, of `dtype` (the scalar's own when not given).
array full(Dims shape, const Scalar& value, std::optional<Dtype> dtype = {}, StreamOrDevice s = {});
template <Arithmetic T>
array full(Dims shape, T value, std::optional<Dtype> dtype = {}, StreamOrDevice s = {}) {
  return full(shape, scalar_of(value), dtype, s);
}
// `value` broadcast to `shape`, converted to `dtype` when given.
array full(Dims shape, const array& value, std::optional<Dtype> dtype = {}, StreamOrDevice s = {});
array zeros(Dims shape, Dtype dtype = Dtype::float32, StreamOrDevice s = {});
array ones(Dims shape, Dtype dtype = Dtype::float32, StreamOrDevice s = {});
array zeros_like(const array& a, StreamOrDevice s = {});
array ones_like(const array& a, StreamOrDevice s = {});
array full_like(const array& a, const Scalar& value, std::optional<Dtype> dtype = {},
                StreamOrDevice s = {});

// start, start + step, ... below stop (above, for a negative step): ceil((stop - start) / step)
// values. int32 for whole scalars (int64 beyond its range), else float32. Raises ArgumentError for
// a zero or non-finite step.
array arange(const Scalar& start, const Scalar& stop, const Scalar& step,
             std::optional<Dtype> dtype = {}, StreamOrDevice s = {});
// `num` values from start to stop, both included: value i is start * (1 - i/(num-1)) + stop *
// i/(num-1).
array linspace(double start, double stop, int64_t num = 50, Dtype dtype = Dtype::float32,
               StreamOrDevice s = {});
// Ones on the k-th diagonal of an n x m matrix, zeros elsewhere.
array eye(int64_t n, std::optional<int64_t> m = {}, int64_t k = 0, Dtype dtype = Dtype::float32,
          StreamOrDevice s = {});
array identity(int64_t n, Dtype dtype = Dtype::float32, StreamOrDevice s = {});

}  // namespace tandem
