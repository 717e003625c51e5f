// Checks that the arguments of a launch fit a kernel: counts, ranges, access classes, distinct
// addresses of stores, and the aliasing that donation may use.
#pragma once

#include <string>
#include <vector>

#include "tandem/device/launch.h"
#include "tandem/kernel/ir.h"

namespace tandem::kernel {

// Whether a store to `written` may use the memory of `read` if both have the same map (address,
// strides, element size): every use of a loaded part is at or before the store of that part, no
// later stage depends on it, and neither buffer is indexed by load_at or store_at.
bool may_alias(const Kernel& kernel, uint16_t read, uint16_t written);

//   launch_counts   as many extents, buffers and parameters as the kernel has; no negative extent
//   launch_written  a buffer is written exactly where the kernel says so
//   launch_range    no load or store leaves its buffer's range, where one is stated
//   launch_access   strides are what the buffer's access class promises
//   launch_stores   a plain store reaches every address at most once
//   launch_aliases  two buffers share memory only if both are read, or as may_alias says
// The kernel is a verified one; messages begin with the name of the broken rule.
std::vector<std::string> verify_launch(const Kernel& kernel,
                                       const device::LaunchArguments& arguments);

// Raises InternalError with the first message.
void check_launch(const Kernel& kernel, const device::LaunchArguments& arguments);

}  // namespace tandem::kernel
