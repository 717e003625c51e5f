// A kernel as the text of a CUDA program: header-free, for NVRTC. No toolkit is needed here.
#pragma once

#include <span>
#include <string>

#include "tandem/backends/cuda/text/schedule.h"

namespace tandem::backends::cuda {

// The function to launch: `kEntryName(const Arguments a)` with the struct of argument_words().
inline constexpr const char* kEntryName = "tandem_kernel";

// Options for the compiler, besides the architecture: what the bits of ir.h need.
std::span<const char* const> compile_options();

// The same text for equal kernels and options. Raises InternalError for a schedule that
// schedules_of(kernel) does not list.
std::string print_kernel(const kernel::Kernel& kernel, const TextOptions& options);

// Shared memory per element of a row that `keep` takes under the schedule, in 4-byte words; 0: the
// kernel has nothing to keep.
int kept_words(const kernel::Kernel& kernel, Schedule schedule);

// Threads of a block, and points that one of them takes, under Schedule::map.
inline constexpr int kMapThreads = 256;
int points_per_thread(const kernel::Kernel& kernel);

}  // namespace tandem::backends::cuda
