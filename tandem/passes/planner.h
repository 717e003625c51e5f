// planner: the list of passes, from a flat graph to a plan.
#pragma once

#include <functional>
#include <memory>

#include "tandem/graph/flat_graph.h"
#include "tandem/kernel/launch.h"
#include "tandem/passes/fuse/fuse.h"
#include "tandem/passes/plan.h"

namespace tandem::passes {

struct PlannerOptions {
  bool fusion = true;
  bool verify = false;  // the kernel verifier after lowering
  bool notes = false;   // Plan::notes
  // By stream slot: bytes of a row that a kernel may read several times (Capabilities::row_bytes).
  std::vector<size_t> row_bytes = {};
  KernelLimits limits = {};
};

// `compiler_for` gives the compiler of a device. Raises what compilers raise.
std::shared_ptr<Plan> make_plan(const graph::FlatGraph& graph, std::vector<uint64_t> key,
                                const PlannerOptions& options,
                                const std::function<kernel::Compiler&(Device)>& compiler_for);

}  // namespace tandem::passes
