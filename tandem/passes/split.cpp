#include "tandem/passes/split.h"

#include <algorithm>

namespace tandem::passes {
namespace {

void add_once(std::vector<uint32_t>& list, uint32_t number) {
  if (std::find(list.begin(), list.end(), number) == list.end()) list.push_back(number);
}

}  // namespace

SplitPlan split(const Plan& plan) {
  auto result = std::make_shared<Plan>(plan);
  result->key.clear();
  result->guards.clear();
  result->row_guards.clear();
  result->arena_slots.clear();
  for (Value& value : result->values) {
    if (value.home == Home::arena) value.home = Home::transient;
    value.arena_slot = kNone;
    value.donors.clear();
  }
  result->segments.clear();
  SplitPlan parts;
  parts.uses.resize(plan.values.size());
  for (uint32_t i = 0; i < result->instructions.size(); ++i) {
    Instruction& instruction = result->instructions[i];
    instruction.segment = i;
    Segment segment;
    segment.slot = instruction.slot;
    segment.instructions = {i};
    for (const Operand& operand : instruction.buffers) {
      if (!operand.written) add_once(segment.inputs, operand.value);
      auto& uses = parts.uses[operand.value];
      if (uses.empty() || uses.back() != i) uses.push_back(i);
    }
    result->segments.push_back(std::move(segment));
  }
  std::vector<bool> kept(plan.values.size(), false);
  for (const Publication& publication : plan.publications) kept[publication.source.value] = true;
  parts.dead_after.resize(result->segments.size());
  for (uint32_t v = 0; v < plan.values.size(); ++v) {
    if (!kept[v] && !parts.uses[v].empty()) parts.dead_after[parts.uses[v].back()].push_back(v);
  }
  parts.plan = std::move(result);
  return parts;
}

}  // namespace tandem::passes
