// How much host memory arrays may use.
#pragma once

#include <cstddef>
#include <string>

namespace tandem::memory {

// Where the system's figures are read; tests give folders of their own.
struct SystemPaths {
  std::string proc = "/proc";
  std::string cgroup = "/sys/fs/cgroup";
};

// Bytes of RAM; 0 when unknown.
size_t total_ram(const SystemPaths& paths = {});

// The tightest memory limit of this process's control groups, of version 1 or 2 and of every group
// above its own; 0 when there is none.
size_t cgroup_memory_limit(const SystemPaths& paths = {});

// settings().memory_limit, or where that is 0 nine tenths of the smaller of RAM and the cgroup's
// limit; 0 when nothing is known, which means no limit.
size_t memory_limit(const SystemPaths& paths = {});

}  // namespace tandem::memory
