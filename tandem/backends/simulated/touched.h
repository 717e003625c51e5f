// Which bytes a launch touches through a buffer, computed from its strides; the declared range must
// cover them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "tandem/device/launch.h"

namespace tandem::backends::simulated {

struct ByteRange {
  const std::byte* begin = nullptr;
  const std::byte* end = nullptr;
  bool empty() const { return begin >= end; }
  size_t bytes() const { return empty() ? 0 : static_cast<size_t>(end - begin); }
};

// The hull of the bytes touched; nothing when an extent is 0, where a launch may write its identity
// or nothing.
std::optional<ByteRange> hull_of(const device::BufferArgument& buffer,
                                 std::span<const int64_t> extents, size_t element_bytes);

// The contiguous runs of bytes touched, in no particular order. Beyond `most` runs only the first
// ones are given: a sample. Nothing when an extent is 0.
std::vector<ByteRange> runs_of(const device::BufferArgument& buffer,
                               std::span<const int64_t> extents, size_t element_bytes, size_t most);

// Distinct bytes touched, for the model clock.
double bytes_of(const device::BufferArgument& buffer, std::span<const int64_t> extents,
                size_t element_bytes);

}  // namespace tandem::backends::simulated
