// Elements of the storage dtypes as the value bits of the IR: what load and store mean. An element
// of complex64 is one of its float32 parts. Also which of several candidates an arg reduction
// takes.
#pragma once

#include <cstddef>
#include <span>

#include "tandem/kernel/ir.h"

namespace tandem::kernel {

uint64_t load_element(Dtype dtype, const std::byte* address);
void store_element(Dtype dtype, std::byte* address, uint64_t value);

// Position of the first NaN, else of the first extreme element; 0 if there is none.
uint64_t arg_extreme(std::span<const uint64_t> elements, Type type, Reduction reduction,
                     bool is_unsigned);

}  // namespace tandem::kernel
