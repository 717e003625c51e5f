// The plan for when memory is short, followed step by step.
#include "tandem/passes/split.h"

#include <algorithm>
#include <set>

#include "plans.h"

namespace tandem::passes {
namespace {

TEST(Split, every_instruction_is_a_segment) {
  array x = leaf({16, 16});
  for (int i = 0; i < 4; ++i) x = matmul(add(x, 1.0, kCpu), exp(x, kGpu), i % 2 ? kGpu : kCpu);
  const auto plan = plan_of({x});
  const SplitPlan parts = split(*plan);
  ASSERT_EQ(parts.plan->segments.size(), plan->instructions.size());
  EXPECT_TRUE(parts.plan->arena_slots.empty());
  for (const Value& value : parts.plan->values) EXPECT_NE(value.home, Home::arena);
  for (uint32_t s = 0; s < parts.plan->segments.size(); ++s) {
    EXPECT_EQ(parts.plan->segments[s].instructions, std::vector<uint32_t>{s});
    EXPECT_EQ(parts.plan->instructions[s].segment, s);
    EXPECT_EQ(parts.plan->segments[s].slot, plan->instructions[s].slot);
  }
}

// Results are written over what dies with their instruction; over the graph's own only at the end.
TEST(Split, donors_die_with_the_instruction) {
  const array a = leaf({64}), b = leaf({64});
  const array c = add(sort(a), b), d = multiply(sort(c), sort(c));
  const auto plan = plan_of({add(sort(d), exp(sort(c)))});
  const SplitPlan parts = split(*plan);
  size_t donors = 0;
  for (const Value& value : parts.plan->values) {
    for (const uint32_t donor : value.donors) {
      ++donors;
      const auto& dead = parts.dead_after[value.instruction];
      EXPECT_TRUE(std::count(dead.begin(), dead.end(), donor));
      const bool last = value.instruction + 1 == parts.plan->instructions.size();
      EXPECT_TRUE(last || parts.plan->values[donor].home != Home::leaf);
    }
  }
  EXPECT_GE(donors, 2u);
}

// What may be made again needs nothing that is gone by then.
TEST(Split, remakable_values_come_from_what_lasts) {
  const auto build = [](const array& a) {
    const array fresh = exp(a), product = matmul(fresh, fresh), after = exp(product);
    return matmul(matmul(after, after), fresh);  // which nobody holds
  };
  const auto plan = plan_of({build(leaf({64, 64}))});
  const SplitPlan parts = split(*plan);
  EXPECT_EQ(std::count(parts.remakable.begin(), parts.remakable.end(), true), 1);
  for (uint32_t v = 0; v < parts.plan->values.size(); ++v) {
    if (!parts.remakable[v]) continue;
    const Instruction& maker = parts.plan->instructions[parts.plan->values[v].instruction];
    ASSERT_EQ(maker.buffers.size(), 2u);
    EXPECT_EQ(parts.plan->values[maker.buffers[0].value].home, Home::leaf);
  }
}

// What a segment reads is there when it runs, and nothing is kept that nobody reads.
TEST(Split, values_live_from_their_maker_to_their_last_reader) {
  const array a = leaf({8, 8});
  const array b = exp(matmul(a, a), kGpu), c = matmul(b, a), d = add(matmul(c, b), c, kGpu);
  const auto plan = plan_of({d, b});
  const SplitPlan parts = split(*plan);
  std::set<uint32_t> published, alive;
  for (const Publication& p : parts.plan->publications) published.insert(p.source.value);
  for (uint32_t v = 0; v < parts.plan->values.size(); ++v) {
    if (parts.plan->values[v].home == Home::leaf) alive.insert(v);
    EXPECT_TRUE(std::is_sorted(parts.uses[v].begin(), parts.uses[v].end()));
  }
  for (uint32_t s = 0; s < parts.plan->segments.size(); ++s) {
    for (const uint32_t input : parts.plan->segments[s].inputs) {
      EXPECT_TRUE(alive.contains(input));
      EXPECT_TRUE(std::count(parts.uses[input].begin(), parts.uses[input].end(), s));
    }
    for (const Operand& operand : parts.plan->instructions[s].buffers) {
      if (operand.written) alive.insert(operand.value);
    }
    for (const uint32_t value : parts.dead_after[s]) {
      EXPECT_EQ(parts.uses[value].back(), s);
      EXPECT_FALSE(published.contains(value));
      alive.erase(value);
    }
  }
  EXPECT_EQ(alive, published);
}

}  // namespace
}  // namespace tandem::passes
