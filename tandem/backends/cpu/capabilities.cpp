#include "tandem/backends/cpu/capabilities.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "tandem/backends/common/gemm/simd.h"
#include "tandem/backends/common/thread_count.h"

namespace tandem::backends::cpu {
namespace {

std::string architecture() {
  utsname names = {};
  return uname(&names) == 0 ? names.machine : "unknown";
}

}  // namespace

size_t physical_memory() {
  const long pages = sysconf(_SC_PHYS_PAGES);
  const long page = sysconf(_SC_PAGESIZE);
  return pages > 0 && page > 0 ? static_cast<size_t>(pages) * static_cast<size_t>(page) : 0;
}

std::string brand_of(std::string_view cpuinfo) {
  constexpr std::string_view kKey = "model name";
  size_t begin = cpuinfo.find(kKey);
  if (begin == cpuinfo.npos) return "";
  begin = cpuinfo.find(':', begin);
  if (begin == cpuinfo.npos) return "";
  begin = cpuinfo.find_first_not_of(" \t", begin + 1);
  if (begin == cpuinfo.npos) return "";
  return std::string(cpuinfo.substr(begin, cpuinfo.find('\n', begin) - begin));
}

device::Capabilities read_capabilities() {
  std::ifstream file("/proc/cpuinfo");
  const std::string cpuinfo((std::istreambuf_iterator<char>(file)), {});
  const common::Simd* simd = common::find_simd();
  device::Capabilities result;
  result.name = brand_of(cpuinfo);
  if (result.name.empty()) result.name = architecture() + " CPU";
  result.shares_host_memory = true;
  result.runs_inline = true;
  const long cache = sysconf(_SC_LEVEL2_CACHE_SIZE);
  if (cache > 0) result.row_bytes = static_cast<size_t>(cache) / 2;
  result.details["architecture"] = architecture();
  result.details["cores"] = std::to_string(common::available_cpus());
  result.details["isa"] = simd == nullptr ? "scalar" : simd->name;
  result.details["memory"] = std::to_string(physical_memory());
  return result;
}

}  // namespace tandem::backends::cpu
