// Places of values in a sorted sequence on the host: "searchsorted".
#pragma once

#include <memory>

#include "tandem/device/launch.h"
#include "tandem/kernel/launch.h"

namespace tandem::backends::common {

// "searchsorted": a sorted sequence [n], values of the same dtype, places (uint32) of the values'
// shape; the attribute is 1 for the place behind equal elements, 0 for that before them. The order
// is that of keys.h, but that -0 equals +0.
std::shared_ptr<device::Executable> compile_search(const kernel::LibraryCall& call);

void run_search(const device::Executable& executable, const device::LaunchArguments& arguments);

}  // namespace tandem::backends::common
