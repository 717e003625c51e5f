// Triangles of matrices, and the windows of signal processing.
#pragma once

#include <optional>

#include "tandem/ops/operand.h"

namespace tandem {

// Ones on and below the k-th diagonal of an n x m matrix (n x n by default), zeros above.
array tri(int64_t n, std::optional<int64_t> m = {}, int64_t k = 0, Dtype dtype = Dtype::float32,
          StreamOrDevice s = {});
// The elements on and below (above) the k-th diagonal of the last two axes, zeros elsewhere.
array tril(const array& a, int64_t k = 0, StreamOrDevice s = {});
array triu(const array& a, int64_t k = 0, StreamOrDevice s = {});

// Symmetric windows of n points in float32: 1 for a single point, empty for n < 1.
array hanning(int64_t n, StreamOrDevice s = {});
array hamming(int64_t n, StreamOrDevice s = {});
array blackman(int64_t n, StreamOrDevice s = {});
array bartlett(int64_t n, StreamOrDevice s = {});

}  // namespace tandem
