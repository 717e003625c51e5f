// traffic: the bytes that a plan moves between memory and its kernels and calls, for given sizes.
#pragma once

#include <span>

#include "tandem/passes/plan.h"

namespace tandem::passes {

struct Traffic {
  int64_t read = 0, written = 0;  // bytes
  bool operator==(const Traffic&) const = default;
};

// Every element of a buffer counts once an instruction: what a kernel of several passes reads again
// comes from the cache, what it broadcasts from a register. A gather reads its source at most as
// often as it has results.
Traffic traffic_of(const Plan& plan, const Instruction& instruction, std::span<const int64_t> dims);
Traffic traffic_of(const Plan& plan, std::span<const int64_t> dims);

}  // namespace tandem::passes
