// How many threads this process may use.
#pragma once

#include <optional>
#include <string_view>

namespace tandem::backends::common {

// CPUs that `cpu.max` ("max 100000", "150000 100000") of a cgroup allows, rounded up; nothing when
// it sets no limit or does not parse.
std::optional<int> cpus_of_quota(std::string_view cpu_max);

// CPUs by affinity and cgroup quota; at least 1.
int available_cpus();

}  // namespace tandem::backends::common
