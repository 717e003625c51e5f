// split: the plan for when memory is short. Every instruction is a segment of its own, and every
// value between them has a block of its own that can be moved out of the way and is given back
// after its last use.
#pragma once

#include "tandem/passes/plan.h"

namespace tandem::passes {

struct SplitPlan {
  // Segment i holds instruction i; no arenas. Donors are values that die in the instruction; a leaf
  // only in the last, after which nothing fails before the results are published.
  std::shared_ptr<const Plan> plan;
  // By value: the segments that read or write it, in order. The future that eviction looks at.
  std::vector<std::vector<uint32_t>> uses;
  // By segment: the values made by the plan that nobody needs after it.
  std::vector<std::vector<uint32_t>> dead_after;
  // By value: one kernel makes it, and nothing else, from values that last as long as the run.
  std::vector<bool> remakable;
};

SplitPlan split(const Plan& plan);

}  // namespace tandem::passes
