#include "tandem/backends/common/thread_count.h"

#include <sched.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

namespace tandem::backends::common {
namespace {

int cpus_by_affinity() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
  return std::max(1u, std::thread::hardware_concurrency());
}

std::optional<std::string> first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  return line;
}

// The smallest limit on the way from this process's cgroup to the root.
std::optional<int> cpus_by_cgroup() {
  std::optional<int> result;
  const auto limit = [&](const std::optional<std::string>& text) {
    if (!text) return;
    if (const auto cpus = cpus_of_quota(*text)) result = std::min(result.value_or(*cpus), *cpus);
  };
  std::ifstream groups("/proc/self/cgroup");
  std::string line;
  while (std::getline(groups, line)) {
    if (!line.starts_with("0::")) continue;  // the unified hierarchy
    for (std::string path = line.substr(3); path.size() > 1; path.erase(path.rfind('/'))) {
      limit(first_line("/sys/fs/cgroup" + path + "/cpu.max"));
    }
  }
  limit(first_line("/sys/fs/cgroup/cpu.max"));
  const auto quota = first_line("/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
  const auto period = first_line("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
  if (quota && period) limit(*quota + " " + *period);
  return result;
}

}  // namespace

std::optional<int> cpus_of_quota(std::string_view cpu_max) {
  std::istringstream text{std::string(cpu_max)};
  int64_t quota = 0;
  int64_t period = 0;
  if (!(text >> quota >> period) || quota <= 0 || period <= 0) return std::nullopt;
  return static_cast<int>(std::clamp<int64_t>((quota + period - 1) / period, 1, 1 << 16));
}

int available_cpus() {
  const int cpus = cpus_by_affinity();
  return std::max(1, std::min(cpus, cpus_by_cgroup().value_or(cpus)));
}

}  // namespace tandem::backends::common
