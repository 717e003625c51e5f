#include "tandem/passes/planner.h"

#include "tandem/kernel/verify/verifier.h"
#include "tandem/passes/lower/lower.h"
#include "tandem/passes/notes.h"
#include "tandem/passes/place.h"
#include "tandem/passes/plan_memory.h"
#include "tandem/passes/simplify.h"

namespace tandem::passes {
namespace {

Value value_of(const SimpleNode& node, bool in_memory) {
  Value value;
  value.dtype = node.flat.dtype;
  value.first_dim = node.flat.first_dim;
  value.rank = node.flat.rank;
  value.leaf = node.flat.leaf;
  value.home = node.flat.leaf != kNone ? Home::leaf
               : node.kept             ? Home::output
               : in_memory             ? Home::arena
                                       : Home::generated;
  return value;
}

// Calls f(operand) for every operand of the plan.
template <class F>
void for_each_operand(Plan& plan, F&& f) {
  for (Instruction& instruction : plan.instructions) {
    for (Operand& operand : instruction.buffers) f(operand);
    for (Operand& operand : instruction.generated) f(operand);
  }
  for (Publication& publication : plan.publications) f(publication.source);
  for (Guard& guard : plan.guards) f(guard.source);
}

// Most nodes of a fused graph live in registers only: a run need not look at their values.
void drop_unused_values(Plan& plan) {
  std::vector<uint32_t> number(plan.values.size(), kNone);
  std::vector<Value> kept;
  for_each_operand(plan, [&](const Operand& operand) {
    uint32_t& mine = number[operand.value];
    if (mine == kNone) mine = 0;
  });
  for (const Instruction& instruction : plan.instructions) {
    for (const uint32_t value : instruction.after) number[value] = 0;
  }
  for (uint32_t i = 0; i < plan.values.size(); ++i) {
    if (number[i] == kNone) continue;
    number[i] = static_cast<uint32_t>(kept.size());
    kept.push_back(std::move(plan.values[i]));
  }
  for_each_operand(plan, [&](Operand& operand) { operand.value = number[operand.value]; });
  for (Instruction& instruction : plan.instructions) {
    for (uint32_t& value : instruction.after) value = number[value];
  }
  plan.values = std::move(kept);
}

}  // namespace

std::shared_ptr<Plan> make_plan(const graph::FlatGraph& graph, std::vector<uint64_t> key,
                                const PlannerOptions& options,
                                const std::function<kernel::Compiler&(Device)>& compiler_for) {
  SimpleGraph simple = simplify(graph);
  const Clusters clusters =
      fuse(simple, graph.dims, {options.fusion, options.row_bytes, options.limits, options.notes});
  auto plan = std::make_shared<Plan>();
  plan->key = std::move(key);
  plan->devices = graph.devices;
  if (options.notes) plan->notes = note_plan(simple, clusters, graph.dims, options.fusion);
  plan->guards = std::move(simple.guards);
  plan->row_guards = clusters.row_guards;
  plan->row_shape_guards = clusters.row_shape_guards;
  plan->publications = std::move(simple.publications);
  for (const graph::FlatNode& node : graph.nodes) {
    plan->node_count += node.leaf == kNone && !node.op.is(graph::Structured::get);
  }
  plan->values.reserve(simple.nodes.size());
  for (uint32_t n = 0; n < simple.nodes.size(); ++n) {
    plan->values.push_back(value_of(simple.nodes[n], clusters.in_memory[n]));
  }
  for (uint32_t c = 0; c < clusters.clusters.size(); ++c) {
    kernel::LibraryCall call;
    Instruction instruction = clusters.clusters[c].library
                                  ? lower_library(simple, clusters, c, call)
                                  : lower_kernel(simple, clusters, c);
    kernel::Compiler& compiler = compiler_for(graph.devices[instruction.slot]);
    if (instruction.kind == Instruction::kernel) {
      if (options.verify) kernel::check_kernel(*instruction.text);
      instruction.executable = compiler.compile(*instruction.text);
    } else {
      instruction.executable = compiler.library(call);
    }
    for (const Operand& operand : instruction.buffers) {
      if (operand.written) plan->values[operand.value].instruction = c;
    }
    for (const uint32_t n : clusters.clusters[c].nodes) {
      const std::vector<uint32_t>& after = simple.nodes[n].after;
      instruction.after.insert(instruction.after.end(), after.begin(), after.end());
    }
    plan->instructions.push_back(std::move(instruction));
  }
  drop_unused_values(*plan);
  place(*plan);
  plan_memory(*plan, graph.dims);
  return plan;
}

}  // namespace tandem::passes
