// Every way to execute a kernel on this machine, for the fuzzer.
#pragma once

#include <vector>

#include "tandem/kernel/expand_calls.h"
#include "tandem/kernel/fuzz/fuzz.h"
#include "tandem/kernel/reference.h"

inline std::vector<tandem::kernel::fuzz::Evaluator> kernel_evaluators() {
  using namespace tandem;
  const auto expanded = [](const kernel::Kernel& kernel, const device::LaunchArguments& launch) {
    kernel::run_reference(kernel::expand_calls(kernel), launch);
  };
  return {{"leaves expanded", expanded}};
}
