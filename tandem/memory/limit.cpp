#include "tandem/memory/limit.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>
#include <string_view>

#include "tandem/base/settings.h"

namespace tandem::memory {
namespace {

// Version 1 writes a number near 2^63 for "no limit".
constexpr size_t kNoLimit = size_t{1} << 62;

size_t tighter(size_t a, size_t b) {
  if (a == 0 || b == 0) return std::max(a, b);
  return std::min(a, b);
}

// The number a file holds; 0 for "max", for no limit, and for no such file.
size_t read_limit(const std::string& path) {
  std::ifstream file(path);
  std::string text;
  file >> text;
  size_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc{} || value >= kNoLimit) return 0;
  return value;
}

// The limit of `group` ("/a/b") and of every group above it. A container may see its own group at
// the root of the mount, so folders that are not there are passed over.
size_t limit_upwards(const std::string& mount, std::string group, const char* file) {
  size_t limit = 0;
  while (true) {
    limit = tighter(limit, read_limit(mount + group + "/" + file));
    const size_t slash = group.rfind('/');
    if (group.empty() || slash == group.npos) return limit;
    group.resize(slash);
  }
}

bool names_memory(std::string_view controllers) {
  while (!controllers.empty()) {
    const size_t comma = std::min(controllers.find(','), controllers.size());
    if (controllers.substr(0, comma) == "memory") return true;
    controllers.remove_prefix(std::min(comma + 1, controllers.size()));
  }
  return false;
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
  std::ifstream file(paths.proc + "/self/cgroup");
  std::string line;
  size_t limit = 0;
  while (std::getline(file, line)) {  // "id:controllers:/group"
    const size_t first = line.find(':');
    const size_t second = first == line.npos ? first : line.find(':', first + 1);
    if (second == line.npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string group = line.substr(second + 1);
    if (controllers.empty()) {
      limit = tighter(limit, limit_upwards(paths.cgroup, group, "memory.max"));
    } else if (names_memory(controllers)) {
      limit =
          tighter(limit, limit_upwards(paths.cgroup + "/memory", group, "memory.limit_in_bytes"));
    }
  }
  return limit;
}

size_t memory_limit(const SystemPaths& paths) {
  if (settings().memory_limit > 0) return static_cast<size_t>(settings().memory_limit);
  const size_t least = tighter(total_ram(paths), cgroup_memory_limit(paths));
  return least / 10 * 9;
}

}  // namespace tandem::memory
