#include "tandem/backends/common/libraries.h"

#include <fmt/ranges.h>

#include "tandem/backends/common/copy/join.h"
#include "tandem/backends/common/gemm/gemm.h"
#include "tandem/backends/common/scatter/scatter.h"
#include "tandem/backends/common/sort/search.h"
#include "tandem/backends/common/sort/sort.h"
#include "tandem/base/check.h"

namespace tandem::backends::common {
namespace {

double product_operations(const device::LaunchArguments& arguments) {
  double points = 1;
  for (const int64_t extent : arguments.extents) points *= static_cast<double>(extent);
  return 2 * points;
}

double no_operations(const device::LaunchArguments&) { return 0; }

// Comparisons, about: some 20 for every byte that is read or written.
double sort_operations(const device::LaunchArguments& arguments) {
  double bytes = 0;
  for (const device::BufferArgument& buffer : arguments.buffers) {
    bytes += static_cast<double>(buffer.range_end - buffer.range_begin);
  }
  return 20 * bytes;
}

constexpr Library kLibraries[] = {
    {"matmul", compile_gemm, run_gemm, product_operations},
    {"addmm", compile_gemm, run_gemm, product_operations},
    {"sort", compile_sort, run_sort, sort_operations},
    {"argsort", compile_sort, run_sort, sort_operations},
    {"searchsorted", compile_search, run_search, sort_operations},
    {"concatenate", compile_join, run_join, no_operations},
    {"pad", compile_join, run_join, no_operations},
    {"view_bytes", compile_join, run_join, no_operations},
    {"scatter", compile_scatter, run_scatter, scatter_operations},
    {"slice_update", compile_slice_update, run_slice_update, no_operations},
    {"slice_rest", compile_slice_rest, run_slice_rest, no_operations},
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
