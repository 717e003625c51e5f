// The CPU as a device: work runs on the thread that submits it, helped by the thread pool, on
// ordinary memory.
#pragma once

#include <memory>

#include "tandem/device/backend.h"
#include "tandem/kernel/launch.h"

namespace tandem::backends::cpu {

std::unique_ptr<device::Backend> make_cpu_backend();

// Executables for the CPU backend.
std::unique_ptr<kernel::Compiler> make_cpu_compiler();

}  // namespace tandem::backends::cpu
