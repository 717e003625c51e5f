// Every way to execute a kernel on this machine, for the fuzzer. The first is the one that ships.
#pragma once

#include <vector>

#include "tandem/backends/common/interpreter/interpreter.h"
#include "tandem/backends/common/thread_pool.h"
#include "tandem/kernel/fuzz/fuzz.h"
#include "tandem/kernel/reference/reference.h"
#include "tandem/kernel/rows/expand_calls.h"

namespace tandem {

inline void interpret(const kernel::Kernel& kernel, const device::LaunchArguments& launch) {
  backends::common::run_interpreted(*backends::common::compile_interpreted(kernel), launch);
}

inline std::vector<kernel::fuzz::Evaluator> kernel_evaluators() {
  using device::LaunchArguments;
  using kernel::Kernel;
  return {
      {"interpreter", interpret},
      {"interpreter, one thread",
       [](const Kernel& kernel, const LaunchArguments& launch) {
         const backends::common::ScopedThreadCount one(1);
         interpret(kernel, launch);
       }},
      {"interpreter, seven threads",
       [](const Kernel& kernel, const LaunchArguments& launch) {
         const backends::common::ScopedThreadCount seven(7);
         interpret(kernel, launch);
       }},
      {"leaves expanded",
       [](const Kernel& kernel, const LaunchArguments& launch) {
         kernel::run_reference(kernel::expand_calls(kernel), launch);
       }},
  };
}

}  // namespace tandem
