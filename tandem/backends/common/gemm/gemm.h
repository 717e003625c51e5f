// Matrix products on the host: "matmul" and "addmm" for every dtype but bool, behind an ordered
// list of implementations. Results have the same bits for a given shape, dtype, layout and
// instruction set, whatever the number of threads.
#pragma once

#include <memory>

#include "tandem/device/launch.h"
#include "tandem/kernel/launch.h"

namespace tandem::backends::common {

// The executable of a "matmul" or "addmm"; raises DeviceError with each implementation's reason
// when all decline.
std::shared_ptr<device::Executable> compile_gemm(const kernel::LibraryCall& call);

// Runs an executable of compile_gemm on the calling thread and the thread pool. Any thread.
void run_gemm(const device::Executable& executable, const device::LaunchArguments& arguments);

}  // namespace tandem::backends::common
