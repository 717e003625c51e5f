#include "tandem/passes/split.h"

#include <algorithm>

#include "tandem/passes/plan_memory.h"

namespace tandem::passes {
namespace {

void add_once(std::vector<uint32_t>& list, uint32_t number) {
  if (std::find(list.begin(), list.end(), number) == list.end()) list.push_back(number);
}

void find_donors(Plan& plan, uint32_t number, const std::vector<uint32_t>& dying) {
  const Instruction& instruction = plan.instructions[number];
  const auto count = static_cast<uint32_t>(instruction.buffers.size());
  for (uint32_t w = 0; w < count; ++w) {
    for (uint32_t r = 0; r < count; ++r) {
      const uint32_t donor = instruction.buffers[r].value;
      const bool dies = std::find(dying.begin(), dying.end(), donor) != dying.end();
      const bool last = number + 1 == plan.instructions.size();
      if (!dies || (plan.values[donor].home == Home::leaf && !last)) continue;
      if (may_replace(plan, instruction, r, w)) {
        plan.values[instruction.buffers[w].value].donors.push_back(donor);
      }
    }
  }
}

void find_remakable(const Plan& plan, const std::vector<bool>& kept, std::vector<bool>& result) {
  result.assign(plan.values.size(), false);
  for (const Instruction& instruction : plan.instructions) {
    if (instruction.kind != Instruction::kernel) continue;
    const Operand& made = instruction.buffers.back();
    const bool lasting = std::all_of(
        instruction.buffers.begin(), instruction.buffers.end() - 1, [&](const Operand& operand) {
          return !operand.written &&
                 (plan.values[operand.value].home == Home::leaf || kept[operand.value]);
        });
    if (made.written && lasting) result[made.value] = !kept[made.value];
  }
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
      const bool begun = operand.part && !parts.uses[operand.value].empty();
      if (!operand.written || begun) add_once(segment.inputs, operand.value);
      auto& uses = parts.uses[operand.value];
      if (uses.empty() || uses.back() != i) uses.push_back(i);
    }
    for (const uint32_t value : instruction.after) {
      add_once(segment.after, value);
      if (auto& uses = parts.uses[value]; uses.empty() || uses.back() != i) uses.push_back(i);
    }
    result->segments.push_back(std::move(segment));
  }
  std::vector<bool> kept(plan.values.size(), false);
  for (const Publication& publication : plan.publications) kept[publication.source.value] = true;
  parts.dead_after.resize(result->segments.size());
  for (uint32_t v = 0; v < plan.values.size(); ++v) {
    if (!kept[v] && !parts.uses[v].empty()) parts.dead_after[parts.uses[v].back()].push_back(v);
  }
  for (uint32_t i = 0; i < result->instructions.size(); ++i) {
    find_donors(*result, i, parts.dead_after[i]);
  }
  find_remakable(*result, kept, parts.remakable);
  parts.plan = std::move(result);
  return parts;
}

}  // namespace tandem::passes
