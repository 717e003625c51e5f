// The library calls that hosts can run: what the CPU and the simulated GPU share.
#pragma once

#include <memory>
#include <string_view>

#include "tandem/device/launch.h"
#include "tandem/kernel/launch.h"

namespace tandem::backends::common {

// An entry of the list of libraries. Runs on the calling thread and the thread pool; any thread.
struct Library {
  std::string_view call;
  std::shared_ptr<device::Executable> (*compile)(const kernel::LibraryCall& call);
  void (*run)(const device::Executable& executable, const device::LaunchArguments& arguments);
  // Arithmetic operations of a launch, for models of time.
  double (*operations)(const device::LaunchArguments& arguments);
};

// The entry of this name; raises DeviceError naming `device` and what there is.
const Library& library_of(const kernel::LibraryCall& call, std::string_view device);

}  // namespace tandem::backends::common
