// What the CPU launches: host code that runs to its end on the calling thread and the thread pool.
#pragma once

#include <functional>
#include <utility>

#include "tandem/device/launch.h"

namespace tandem::backends::cpu {

using HostFunction = std::function<void(const device::LaunchArguments&)>;

class CpuExecutable final : public device::Executable {
 public:
  explicit CpuExecutable(HostFunction run) : run_(std::move(run)) {}
  void run(const device::LaunchArguments& arguments) const { run_(arguments); }

 private:
  HostFunction run_;
};

}  // namespace tandem::backends::cpu
