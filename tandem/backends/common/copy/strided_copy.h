// Copies between strided arrays of one shape, at the speed of memory where the layouts allow it.
#pragma once

#include <cstddef>

#include "tandem/base/shape.h"

namespace tandem::backends::common {

// Copies elements of 1, 2, 4 or 8 bytes on the calling thread and the thread pool. Strides are in
// elements; those of the source may be 0 or negative. The arrays do not overlap.
void copy_strided(size_t element_bytes, Dims shape, const std::byte* source, Dims source_strides,
                  std::byte* target, Dims target_strides);

}  // namespace tandem::backends::common
