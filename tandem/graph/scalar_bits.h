// Scalars as parameter words and as stored elements. A parameter word holds the bits of the compute
// type (kernel/types.h) of its dtype: float16 and bfloat16 rounded to their grid but as float32
// bits, small integers wrapped but as int32; complex64 has its real part in the low half.
#pragma once

#include <cstdint>
#include <string_view>

#include "tandem/graph/array.h"

namespace tandem::graph {

// Raises ArgumentError naming `op` for an integer that an integer dtype does not have.
void check_fits(const Scalar& scalar, Dtype dtype, std::string_view op);
uint64_t encode_scalar(const Scalar& scalar, Dtype dtype);
Scalar decode_scalar(uint64_t word, Dtype dtype);
// The element at `address`.
Scalar load_scalar(const void* address, Dtype dtype);

}  // namespace tandem::graph
