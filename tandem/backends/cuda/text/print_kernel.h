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

// Points that one thread takes under Schedule::map.
int points_per_thread(const kernel::Kernel& kernel);

}  // namespace tandem::backends::cuda
