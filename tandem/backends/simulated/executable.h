// What a simulated GPU can launch: host code that runs on the device's bytes, with what checkers
// and the model clock need to know of it.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "tandem/base/dtype.h"
#include "tandem/device/launch.h"

namespace tandem::kernel {
struct Kernel;
}

namespace tandem::backends::simulated {

struct Program {
  // Runs with addresses that the host may follow.
  std::function<void(const device::LaunchArguments&)> run;
  // One per buffer. Empty: unknown, every byte of a declared range counts as touched.
  std::vector<Dtype> dtypes;
  // Arithmetic operations of a launch, for the model clock; null: none.
  std::function<double(const device::LaunchArguments&)> flops;
  bool library = false;                          // shown as a library call in traces
  std::shared_ptr<const kernel::Kernel> kernel;  // null for library calls; for the verifier
};

class SimulatedExecutable final : public device::Executable {
 public:
  explicit SimulatedExecutable(Program program)
      : program_(std::make_shared<const Program>(std::move(program))) {}

  // Shared, so that queued launches outlive the plan that made them.
  const std::shared_ptr<const Program>& program() const { return program_; }

 private:
  std::shared_ptr<const Program> program_;
};

}  // namespace tandem::backends::simulated
