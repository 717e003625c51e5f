// The tile interpreter: kernels as executables of the host, on the widest vectors the machine has.
// Results have the same bits as kernel::run_reference on every instruction set and thread count.
#pragma once

#include <memory>

#include "tandem/device/launch.h"
#include "tandem/kernel/ir.h"

namespace tandem::backends::common {

// The instruction set follows settings().isa; `scalar`, and machines below AVX2 and FMA or NEON,
// run the scalar reference. The kernel must be verified.
std::shared_ptr<device::Executable> compile_interpreted(const kernel::Kernel& kernel);

// Runs a result of compile_interpreted on the calling thread and the pool; returns when all is
// written.
void run_interpreted(const device::Executable& executable,
                     const device::LaunchArguments& arguments);

}  // namespace tandem::backends::common
