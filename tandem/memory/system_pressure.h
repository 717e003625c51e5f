// SystemPressure: how short of memory the machine or the container is, as the kernel tells it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "tandem/memory/limit.h"

namespace tandem::memory {

struct SystemPressure {
  // Shares of the last ten seconds, in percent, in which some task, or all tasks, waited for
  // memory; of the control group where it tells, else of the machine.
  double some = 0, full = 0;
  // Bytes that the tightest control group uses and may use; 0 when there is no limit.
  size_t group_used = 0, group_limit = 0;
};

// PSI, and the control groups of version 1 or 2; zeros for what cannot be read.
SystemPressure read_system_pressure(const SystemPaths& paths = {});

enum class PressureLevel : uint8_t {
  none,
  high,      // give back what is idle and make nothing ahead of its readers
  critical,  // and drop what is elsewhere too
};
PressureLevel level_of(const SystemPressure& pressure);

}  // namespace tandem::memory
