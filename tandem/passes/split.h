// split: the plan for when memory is short. Every instruction is a segment of its own, and every
// value between them has a block of its own that can be moved out of the way and is given back
// after its last use.
#pragma once

#include "tandem/passes/plan.h"

namespace tandem::passes {

struct SplitPlan {
  // Segment i holds instruction i; no arenas, no donors.
  std::shared_ptr<const Plan> plan;
  // By value: the segments that read or write it, in order. The future that eviction looks at.
  std::vector<std::vector<uint32_t>> uses;
  // By segment: the values made by the plan that nobody needs after it.
  std::vector<std::vector<uint32_t>> dead_after;
};

SplitPlan split(const Plan& plan);

}  // namespace tandem::passes
