// How much memory arrays use and may use. Sizes are bytes; without a device, all devices together.
#pragma once

#include <cstddef>
#include <optional>

#include "tandem/device/ids.h"

namespace tandem {

// What arrays use now, used at most since the last reset (summed over the devices), and what is
// kept for reuse.
size_t get_active_memory();
size_t get_peak_memory();
size_t get_cache_memory();
void reset_peak_memory();
// Gives what is kept for reuse back to the system.
void clear_cache();

// The most that the arrays of a device, and what is kept there for reuse, may take; 0 is as much as
// there is. When a computation needs more, values are moved out of the way and plans run piece by
// piece; OutOfMemory is raised when that is not enough. Without a device: of each device, and what
// is returned is the host's. Returns the limit before.
size_t set_memory_limit(size_t bytes, std::optional<Device> device = {});
size_t get_memory_limit(Device device = {});

// The most that a device keeps for reuse. Without a device: each of them. Returns the limit before.
size_t set_cache_limit(size_t bytes, std::optional<Device> device = {});

}  // namespace tandem
