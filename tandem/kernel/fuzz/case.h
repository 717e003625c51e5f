// One fuzz case: a kernel with everything a launch of it needs, and the comparison of results.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "tandem/device/launch.h"
#include "tandem/kernel/ir.h"

namespace tandem::kernel::fuzz {

// Memory of one or, where an output aliases an input, two buffers. Blocks of written buffers have
// margins around what may be touched, so that a stray store is seen.
using Block = std::vector<std::byte>;

struct BufferLayout {
  size_t block = 0;
  int64_t offset = 0;  // bytes from the block's begin to the element at position 0
  std::vector<int64_t> strides;
  int64_t index_extent = 0, index_stride = 0;
  size_t margin = 0;  // bytes at both ends of the block that are not in the buffer's range
};

struct Case {
  Kernel kernel;
  std::vector<int64_t> extents;
  std::vector<uint64_t> params;
  std::vector<BufferLayout> layouts;
  std::vector<Block> blocks;  // initial contents
};

// The arguments of a launch on `blocks`, a copy of the case's; valid while both live.
class Launch {
 public:
  Launch(const Case& fuzz_case, std::vector<Block>& blocks);
  const device::LaunchArguments& arguments() const { return arguments_; }

 private:
  std::vector<device::BufferArgument> buffers_;
  device::LaunchArguments arguments_;
};

// The blocks after the reference has run the kernel.
std::vector<Block> expected_blocks(const Case& fuzz_case);

// The first element in which the results differ, described; all NaNs are equal, everything else
// must be equal to the bit, the bytes that no store reaches included.
std::optional<std::string> first_difference(const Case& fuzz_case,
                                            const std::vector<Block>& expected,
                                            const std::vector<Block>& got);

// Kernel text, extents, layouts and parameters.
std::string describe(const Case& fuzz_case);

}  // namespace tandem::kernel::fuzz
