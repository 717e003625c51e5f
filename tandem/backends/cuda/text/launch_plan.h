// How a printed kernel is launched: the schedule for given extents, grid and block, the words of
// its argument, and the scratch memory that it needs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tandem/backends/cuda/text/schedule.h"
#include "tandem/device/launch.h"

namespace tandem::backends::cuda {

// Whether every position and plain offset of the launch fits 32 bits.
bool fits_narrow(const kernel::Kernel& kernel, const device::LaunchArguments& arguments);

// The options under which the launch is quickest on a device with so many multiprocessors.
TextOptions choose_options(const kernel::Kernel& kernel, const device::LaunchArguments& arguments,
                           int multiprocessors);

// Whether the launch can use a text with these options. Kept values take shared memory.
bool can_launch(const device::LaunchArguments& arguments, const kernel::Kernel& kernel,
                const TextOptions& options);

struct LaunchPlan {
  uint32_t grid = 0;  // blocks; 0: there is nothing to do
  uint32_t block = 0;
  size_t shared_bytes = 0;               // asked for at the launch, besides what the text declares
  int64_t groups = 1, group_chunks = 1;  // row_split, columns
  size_t scratch_bytes = 0;
  size_t zeroed_bytes = 0;  // the first of them are zero before the launch, and again after it
};
LaunchPlan plan_launch(const kernel::Kernel& kernel, const TextOptions& options,
                       const device::LaunchArguments& arguments, int multiprocessors);

// The members of the text's struct Arguments; `scratch` is the address of the scratch memory.
std::vector<uint64_t> pack_arguments(const kernel::Kernel& kernel, const TextOptions& options,
                                     const device::LaunchArguments& arguments,
                                     const LaunchPlan& plan, const void* scratch);

}  // namespace tandem::backends::cuda
