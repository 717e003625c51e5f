// Library calls on the host that put arrays beside each other: "concatenate", "pad", "view_bytes".
#pragma once

#include <memory>

#include "tandem/device/launch.h"
#include "tandem/kernel/launch.h"

namespace tandem::backends::common {

// "concatenate": the inputs one after the other along the axis of the attribute.
// "pad": inputs a and a scalar; params: elements of the scalar before a, along each axis.
// "view_bytes": the bytes of the input in row-major order.
std::shared_ptr<device::Executable> compile_join(const kernel::LibraryCall& call);

void run_join(const device::Executable& executable, const device::LaunchArguments& arguments);

}  // namespace tandem::backends::common
