// Random values with a taste for the special: zeros of both signs, NaN, infinities, subnormals, the
// ends of the integers, shift amounts about the width.
#pragma once

#include <span>

#include "tandem/kernel/fuzz/random.h"
#include "tandem/kernel/ir.h"

namespace tandem::kernel::fuzz {

// Value bits of a type, as constants and parameters have them.
uint64_t random_value(Random& random, Type type);

// What a buffer of floats holds. Sums and extremes of many elements are rarely NaN or infinite only
// if their elements never are; ties of zeros are common only among few values.
enum class Mood : uint8_t { mixed, ordinary, corners };

// Fills memory with elements of the dtype (a complex64 with two float32).
void fill(Random& random, Dtype dtype, Mood mood, std::span<std::byte> memory);

}  // namespace tandem::kernel::fuzz
