// planner: the list of passes, from a flat graph to a plan.
#pragma once

#include <functional>
#include <memory>

#include "tandem/graph/flat_graph.h"
#include "tandem/kernel/launch.h"
#include "tandem/passes/plan.h"

namespace tandem::passes {

struct PlannerOptions {
  bool fusion = true;
  bool verify = false;  // the kernel verifier after lowering
};

// `compiler_for` gives the compiler of a device. Raises what compilers raise.
std::shared_ptr<Plan> make_plan(const graph::FlatGraph& graph, std::vector<uint64_t> key,
                                const PlannerOptions& options,
                                const std::function<kernel::Compiler&(Device)>& compiler_for);

}  // namespace tandem::passes
