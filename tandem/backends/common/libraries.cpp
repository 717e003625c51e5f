#include "tandem/backends/common/libraries.h"

#include <fmt/ranges.h>

#include "tandem/backends/common/gemm/gemm.h"
#include "tandem/base/check.h"

namespace tandem::backends::common {
namespace {

double product_operations(const device::LaunchArguments& arguments) {
  double points = 1;
  for (const int64_t extent : arguments.extents) points *= static_cast<double>(extent);
  return 2 * points;
}

constexpr Library kLibraries[] = {
    {"matmul", compile_gemm, run_gemm, product_operations},
    {"addmm", compile_gemm, run_gemm, product_operations},
};

}  // namespace

const Library& library_of(const kernel::LibraryCall& call, std::string_view device) {
  std::vector<std::string_view> names;
  for (const Library& library : kLibraries) {
    if (library.call == call.name) return library;
    names.push_back(library.call);
  }
  raise<DeviceError>(call.name, "{} has no such library call: expected one of {}", device,
                     fmt::join(names, ", "));
}

}  // namespace tandem::backends::common
