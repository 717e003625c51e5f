#include "tandem/memory/limit.h"

#include <algorithm>
#include <fstream>
#include <sstream>

#include "tandem/base/settings.h"
#include "tandem/memory/control_groups.h"

namespace tandem::memory {
namespace {

size_t tighter(size_t a, size_t b) {
  if (a == 0 || b == 0) return std::max(a, b);
  return std::min(a, b);
}

}  // namespace

size_t total_ram(const SystemPaths& paths) {
  std::ifstream file(paths.proc + "/meminfo");
  std::string line;
  while (std::getline(file, line)) {
    std::istringstream words(line);
    std::string name;
    size_t kib = 0;
    if (words >> name >> kib && name == "MemTotal:") return kib << 10;
  }
  return 0;
}

size_t cgroup_memory_limit(const SystemPaths& paths) {
  size_t limit = 0;
  for (const ControlGroup& group : memory_groups(paths)) limit = tighter(limit, limit_of(group));
  return limit;
}

size_t memory_limit(const SystemPaths& paths) {
  if (settings().memory_limit > 0) return static_cast<size_t>(settings().memory_limit);
  const size_t least = tighter(total_ram(paths), cgroup_memory_limit(paths));
  return least / 10 * 9;
}

}  // namespace tandem::memory
