// The scalar reference: executes a kernel one element at a time, exactly as ir.h says. Slow and
// plain on purpose: it is the specification that every evaluator is tested against, and what
// runs on machines below the SIMD floor.
#pragma once

#include "tandem/device/launch.h"
#include "tandem/kernel/ir.h"

namespace tandem::kernel {

// Runs a verified kernel. Where a buffer states its range, an access outside it is an
// InternalError.
void run_reference(const Kernel& kernel, const device::LaunchArguments& arguments);

}  // namespace tandem::kernel
