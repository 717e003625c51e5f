// Segments and memory of plans: listed ones, and random ones followed step by step.
#include <algorithm>
#include <random>
#include <set>

#include "plans.h"

namespace tandem::passes {
namespace {

array random_program(std::mt19937_64& random, const std::vector<Stream>& streams, int steps,
                     std::vector<array>& held) {
  std::vector<array> values = {leaf({12, 12}), leaf({12, 12})};
  for (int i = 0; i < steps; ++i) {
    const array a = values[random() % values.size()], b = values[random() % values.size()];
    const Stream where = streams[random() % streams.size()];
    switch (random() % 5) {
      case 0:
        values.push_back(matmul(a, b, where));
        break;
      case 1:
        values.push_back(subtract(a, max(b, std::vector<int64_t>{1}, true, where), where));
        break;
      case 2:
        values.push_back(add(a, transpose(b), where));
        break;
      default:
        values.push_back(add(a, b, where));
        break;
    }
    if (random() % 8 == 0) held.push_back(values.back());
  }
  return values.back();
}

std::shared_ptr<Plan> random_plan(uint64_t seed, const std::vector<Stream>& streams,
                                  bool fusion = true) {
  std::mt19937_64 random(seed);
  std::vector<array> held;
  const array root = random_program(random, streams, 8 + static_cast<int>(random() % 40), held);
  held.push_back(root);
  return plan_of(held, fusion);
}

const std::vector<Stream>& three_streams() {
  static const std::vector<Stream> streams = {new_stream(kCpu), new_stream(kCpu), new_stream(kGpu)};
  return streams;
}

TEST(Place, work_of_one_stream_is_one_segment) {
  const auto plan = plan_of({exp(matmul(leaf({4, 4}), leaf({4, 4})))});
  ASSERT_EQ(plan->segments.size(), 1u);
  EXPECT_TRUE(plan->segments[0].waits.empty());
}

TEST(Place, every_change_of_stream_is_an_edge) {
  array x = leaf({16});
  for (int i = 0; i < 3; ++i) x = multiply(add(x, 1.0, kCpu), 2.0, kGpu);
  const auto plan = plan_of({x});
  ASSERT_EQ(plan->segments.size(), 6u);
  EXPECT_TRUE(plan->segments[0].waits.empty());
  for (uint32_t s = 1; s < 6; ++s) EXPECT_EQ(plan->segments[s].waits, std::vector<uint32_t>{s - 1});
}

TEST(Place, independent_streams_do_not_wait) {
  const array x = leaf({16});
  const auto plan = plan_of({add(x, 1.0, kCpu), add(x, 2.0, kGpu)});
  ASSERT_EQ(plan->segments.size(), 2u);
  for (const Segment& segment : plan->segments) EXPECT_TRUE(segment.waits.empty());
}

// Whatever an instruction reads is made before it: earlier on its stream, or in a segment that its
// stream has waited for.
TEST(Place, random_plans_have_all_their_edges) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    const auto plan = random_plan(seed, three_streams());
    std::vector<std::set<uint32_t>> known(
        plan->devices.size());  // by slot: segments it comes after
    std::vector<std::set<uint32_t>> at_end(plan->segments.size());
    for (uint32_t s = 0; s < plan->segments.size(); ++s) {
      const Segment& segment = plan->segments[s];
      for (const uint32_t wait : segment.waits) {
        ASSERT_LT(wait, s);
        ASSERT_NE(plan->segments[wait].slot, segment.slot);
        known[segment.slot].insert(wait);
        known[segment.slot].insert(at_end[wait].begin(), at_end[wait].end());
      }
      uint32_t last = 0;
      for (const uint32_t i : segment.instructions) {
        const Instruction& instruction = plan->instructions[i];
        ASSERT_EQ(instruction.segment, s);
        ASSERT_EQ(instruction.slot, segment.slot);
        ASSERT_GE(i, last);
        last = i;
        for (const Operand& operand : instruction.buffers) {
          const uint32_t maker = plan->values[operand.value].instruction;
          if (operand.written || maker == kNone) continue;
          const Instruction& source = plan->instructions[maker];
          const bool here = source.segment == s && maker < i;
          ASSERT_TRUE(here || known[segment.slot].contains(source.segment)) << "seed " << seed;
        }
      }
      known[segment.slot].insert(s);
      at_end[s] = known[segment.slot];
    }
  }
}

TEST(PlanMemory, values_that_die_in_the_run_share_slots) {
  array x = leaf({16, 16});
  const array w = leaf({16, 16});
  for (int i = 0; i < 10; ++i) x = matmul(x, w);
  const auto plan = plan_of({x});
  EXPECT_EQ(plan->arena_slots.size(), 2u);  // what is read and what is written
}

TEST(PlanMemory, an_input_may_be_replaced_only_by_its_last_reader) {
  const array x = leaf({16, 16});
  const auto donors = [](const Plan& plan) {
    size_t count = 0;
    for (const Value& value : plan.values) count += value.donors.size();
    return count;
  };
  EXPECT_EQ(donors(*plan_of({add(x, 1.0)})), 1u);
  EXPECT_EQ(donors(*plan_of({matmul(x, x)})), 0u);
  EXPECT_EQ(donors(*plan_of({astype(x, Dtype::float16)})), 0u);  // another size
  EXPECT_EQ(donors(*plan_of({astype(leaf({9}, Dtype::float64), Dtype::complex64)})), 0u);
  // Read on the GPU too: it would need two copies on one device's buffer.
  const array y = add(x, 1.0, kCpu), z = multiply(y, 2.0, kGpu);
  EXPECT_EQ(donors(*plan_of({y, z})), 0u);
}

// Slots of the arena, followed instruction by instruction: nothing is overwritten while somebody
// will read it.
TEST(PlanMemory, arena_slots_never_overlap_in_time) {
  size_t shared = 0;
  for (uint64_t seed = 1000; seed < 1400; ++seed) {
    const auto plan = random_plan(seed, three_streams(), seed % 2 == 0);
    std::vector<uint32_t> content(plan->arena_slots.size(), kNone);
    std::vector<uint16_t> stream(plan->arena_slots.size(), 0xffff);
    for (uint32_t i = 0; i < plan->instructions.size(); ++i) {
      const Instruction& instruction = plan->instructions[i];
      for (const bool written : {false, true}) {
        for (const Operand& operand : instruction.buffers) {
          const Value& value = plan->values[operand.value];
          if (operand.written != written || value.home != Home::arena) continue;
          ASSERT_LT(value.arena_slot, plan->arena_slots.size());
          uint32_t& held = content[value.arena_slot];
          if (!written) {
            ASSERT_EQ(held, operand.value) << "seed " << seed << " instruction " << i;
            continue;
          }
          // A slot that this very instruction still reads must not be written by it.
          for (const Operand& other : instruction.buffers) {
            if (other.written || plan->values[other.value].home != Home::arena) continue;
            ASSERT_NE(plan->values[other.value].arena_slot, value.arena_slot) << "seed " << seed;
          }
          shared += held != kNone;
          held = operand.value;
          ASSERT_TRUE(stream[value.arena_slot] == 0xffff ||
                      stream[value.arena_slot] == instruction.slot);
          stream[value.arena_slot] = instruction.slot;
          ASSERT_EQ(plan->arena_slots[value.arena_slot].slot, instruction.slot);
        }
      }
    }
  }
  EXPECT_GT(shared, 300u);
}

// Every value that a run reads has a place, and who reads it knows of it.
TEST(PlanMemory, inputs_from_elsewhere_are_listed) {
  for (uint64_t seed = 2000; seed < 2200; ++seed) {
    const auto plan = random_plan(seed, three_streams());
    for (const Segment& segment : plan->segments) {
      for (const uint32_t i : segment.instructions) {
        for (const Operand& operand : plan->instructions[i].buffers) {
          const Value& value = plan->values[operand.value];
          ASSERT_NE(value.home, Home::generated);
          if (operand.written) continue;
          const bool foreign = value.home == Home::leaf ||
                               plan->instructions[value.instruction].slot != segment.slot;
          const bool listed = std::find(segment.inputs.begin(), segment.inputs.end(),
                                        operand.value) != segment.inputs.end();
          ASSERT_EQ(listed, foreign);
          ASSERT_FALSE(foreign && value.home == Home::arena);
        }
      }
    }
  }
}

TEST(PlanText, names_segments_kernels_and_homes) {
  const array x = leaf({4, 4});
  // Nobody but the root is held when the plan is made.
  const auto root = [&] { return multiply(add(x, 1.0, kCpu), 2.0, kGpu); };
  EXPECT_EQ(plan_of({root()})->text(),
            "plan: 2 nodes, 2 kernels, 2 segments\n"
            "segment 0 on Device(cpu, 0) (stream slot 0)\n"
            "  kernel [add] nodes=1: %0:float32 -> %1:float32 (transient)\n"
            "segment 1 on Device(gpu, 0) (stream slot 1) after segment 0\n"
            "  kernel [multiply] nodes=1: %1:float32 -> %2:float32 (output)\n");
}

TEST(PlanText, shows_views_and_what_may_be_replaced) {
  const array x = leaf({4, 6}), y = leaf({6, 4});
  const auto root = [&] { return add(transpose(add(x, 1.0)), y); };
  EXPECT_EQ(plan_of({root()})->text(),
            "plan: 3 nodes, 2 kernels, 1 segments\n"
            "segment 0 on Device(cpu, 0) (stream slot 0)\n"
            "  kernel [add] nodes=1: %0:float32 -> %1:float32 (arena)\n"
            "  kernel [add] nodes=1: %1:float32.transpose %2:float32 -> %3:float32 (output) may "
            "replace %2\n");
}

TEST(Memory, a_chain_of_writes_has_one_place) {
  const auto chain = [](int64_t writes) {
    array x = matmul(leaf({40, 8}), leaf({8, 8}));
    for (int64_t i = 0; i < writes; ++i) {
      x = index_update(x, {i}, leaf({8}));
      x = index_update(x, {array({1, 2})}, leaf({2, 8}), Update::add);
    }
    return matmul(x, leaf({8, 8}));
  };
  EXPECT_EQ(plan_of({chain(10)})->arena_slots.size(), 1u);
}

}  // namespace
}  // namespace tandem::passes
