// Sorting along the last axis on the host: "sort" and "argsort". The order is that of keys.h; equal
// elements keep their order.
#pragma once

#include <memory>

#include "tandem/device/launch.h"
#include "tandem/kernel/launch.h"

namespace tandem::backends::common {

// "sort": any dtype, the same for both operands. "argsort": positions as uint32.
std::shared_ptr<device::Executable> compile_sort(const kernel::LibraryCall& call);

void run_sort(const device::Executable& executable, const device::LaunchArguments& arguments);

}  // namespace tandem::backends::common
