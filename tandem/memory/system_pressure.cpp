#include "tandem/memory/system_pressure.h"

#include <cstdlib>
#include <fstream>
#include <string>

#include "tandem/memory/control_groups.h"

namespace tandem::memory {
namespace {

// Percent of the time with waiting tasks, and share of the group's limit in use.
constexpr double kHighSome = 10, kCriticalFull = 10;
constexpr double kHighUse = 0.9, kCriticalUse = 0.97;

// "some avg10=12.50 avg60=..." and "full ..."; false when there is no such file.
bool read_stalls(const std::string& path, SystemPressure& pressure) {
  std::ifstream file(path);
  if (!file) return false;
  std::string word, value;
  while (file >> word >> value) {
    constexpr std::string_view kName = "avg10=";
    if (value.starts_with(kName)) {
      double& share = word == "full" ? pressure.full : pressure.some;
      share = std::strtod(value.c_str() + kName.size(), nullptr);
    }
    std::getline(file, word);
  }
  return true;
}

double use(size_t used, size_t limit) {
  return limit == 0 ? 0 : static_cast<double>(used) / static_cast<double>(limit);
}

}  // namespace

SystemPressure read_system_pressure(const SystemPaths& paths) {
  SystemPressure result;
  bool told = false;
  for (const ControlGroup& group : memory_groups(paths)) {
    told = told || read_stalls(group.folder + "/memory.pressure", result);
    const size_t limit = limit_of(group), used = use_of(group);
    if (limit == 0 || use(used, limit) < use(result.group_used, result.group_limit)) continue;
    result.group_limit = limit;
    result.group_used = used;
  }
  if (!told) read_stalls(paths.proc + "/pressure/memory", result);
  return result;
}

PressureLevel level_of(const SystemPressure& pressure) {
  const double share = use(pressure.group_used, pressure.group_limit);
  if (pressure.full >= kCriticalFull || share >= kCriticalUse) return PressureLevel::critical;
  if (pressure.some >= kHighSome || share >= kHighUse) return PressureLevel::high;
  return PressureLevel::none;
}

}  // namespace tandem::memory
