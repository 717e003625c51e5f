#include "tandem/memory/control_groups.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <string_view>

namespace tandem::memory {
namespace {

// Version 1 writes a number near 2^63 for "no limit".
constexpr size_t kNoLimit = size_t{1} << 62;

// The number a file holds; 0 for "max", for no limit, and for no such file.
size_t read_number(const std::string& path) {
  std::ifstream file(path);
  std::string text;
  file >> text;
  size_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc{} || value >= kNoLimit) return 0;
  return value;
}

void add_upwards(const std::string& mount, std::string group, int version,
                 std::vector<ControlGroup>& groups) {
  while (true) {
    groups.push_back({mount + group, version});
    const size_t slash = group.rfind('/');
    if (group.empty() || slash == group.npos) return;
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

std::vector<ControlGroup> memory_groups(const SystemPaths& paths) {
  std::vector<ControlGroup> groups;
  std::ifstream file(paths.proc + "/self/cgroup");
  std::string line;
  while (std::getline(file, line)) {  // "id:controllers:/group"
    const size_t first = line.find(':');
    const size_t second = first == line.npos ? first : line.find(':', first + 1);
    if (second == line.npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string group = line.substr(second + 1);
    if (controllers.empty()) {
      add_upwards(paths.cgroup, group, 2, groups);
    } else if (names_memory(controllers)) {
      add_upwards(paths.cgroup + "/memory", group, 1, groups);
    }
  }
  return groups;
}

size_t limit_of(const ControlGroup& group) {
  return read_number(group.folder +
                     (group.version == 2 ? "/memory.max" : "/memory.limit_in_bytes"));
}

size_t use_of(const ControlGroup& group) {
  const size_t used = read_number(
      group.folder + (group.version == 2 ? "/memory.current" : "/memory.usage_in_bytes"));
  // Pages of files that nobody has touched lately go as soon as memory is wanted.
  std::ifstream file(group.folder + "/memory.stat");
  std::string name;
  size_t bytes = 0;
  const std::string_view idle = group.version == 2 ? "inactive_file" : "total_inactive_file";
  while (file >> name >> bytes) {
    if (name == idle) return used - std::min(used, bytes);
  }
  return used;
}

}  // namespace tandem::memory
