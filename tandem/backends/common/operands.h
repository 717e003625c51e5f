// Operands of a library call whose extents are the axes of each operand, one after the other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "tandem/base/shape.h"
#include "tandem/device/launch.h"

namespace tandem::backends::common {

// One operand: strides in elements. Refers to the arguments of the launch.
struct StridedOperand {
  Dims shape;
  Dims strides;
  std::byte* data = nullptr;
};

// The operands of a launch; `ranks` are those of its LibraryCall.
inline std::vector<StridedOperand> operands_of(std::span<const uint8_t> ranks,
                                               const device::LaunchArguments& arguments) {
  std::vector<StridedOperand> result;
  size_t first = 0;
  for (size_t i = 0; i < ranks.size(); ++i) {
    const device::BufferArgument& buffer = arguments.buffers[i];
    result.push_back({arguments.extents.subspan(first, ranks[i]),
                      {buffer.strides + first, ranks[i]},
                      static_cast<std::byte*>(buffer.data)});
    first += ranks[i];
  }
  return result;
}

// Elements from the first one to number `index` in row-major order over the axes.
inline int64_t offset_of(int64_t index, Dims shape, Dims strides) {
  int64_t offset = 0;
  for (size_t i = shape.size(); i-- > 0 && index != 0;) {
    offset += index % shape[i] * strides[i];
    index /= shape[i];
  }
  return offset;
}

}  // namespace tandem::backends::common
