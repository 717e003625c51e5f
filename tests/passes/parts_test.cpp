// Where clusters that are too large for one kernel are cut, and what that moves.
#include <cstring>
#include <functional>
#include <random>

#include "plans.h"
#include "tandem/base/settings.h"
#include "tandem/passes/traffic.h"

namespace tandem::passes {
namespace {

constexpr int64_t kRows = 64, kColumns = 256;
constexpr int64_t kAll = kRows * kColumns * 4;  // bytes of a float32 matrix
const std::vector<int64_t> kLast = {-1};

struct Made {
  std::shared_ptr<Plan> plan;
  Traffic traffic;
};

// The roots are made by a function: what it leaves behind is held by nobody.
Made made(const std::function<std::vector<array>()>& graph, const KernelLimits& limits = {}) {
  const std::vector<array> roots = graph();
  graph::Walk walk;
  walk.run(roots);
  PlannerOptions options;
  options.verify = true;
  options.limits = limits;
  Made result;
  result.plan = make_plan(graph::flatten(walk), walk.key, options, [](Device device) -> auto& {
    return *engine::Engine::instance().devices().get(device).compiler;
  });
  result.traffic = traffic_of(*result.plan, walk.dims);
  return result;
}

array chain(array x, int length) {
  for (int i = 0; i < length; ++i) x = exp(x);
  return x;
}

array matrix() { return leaf({kRows, kColumns}); }

TEST(Parts, a_chain_is_cut_where_its_elements_are_narrow) {
  const array x = matrix();
  const auto graph = [&] {
    const array half = astype(chain(x, 15), Dtype::float16);
    return std::vector<array>{chain(astype(half, Dtype::float32), 15)};
  };
  EXPECT_EQ(labels(*made(graph).plan), "exp*15 cast*2 exp*15");
  const Made cut = made(graph, {.cost = 60});
  EXPECT_EQ(labels(*cut.plan), "exp*15 cast | cast exp*15");
  EXPECT_EQ(cut.traffic, (Traffic{kAll + kAll / 2, kAll / 2 + kAll}));
}

// Only sums of rows live between the two halves.
TEST(Parts, a_cut_behind_a_reduction_moves_its_rows) {
  const array x = matrix(), y = matrix();
  const auto graph = [&] {
    const array rows = sqrt(sum(chain(x, 15), kLast, true));
    return std::vector<array>{rows * chain(y, 15)};
  };
  EXPECT_EQ(made(graph).plan->instructions.size(), 1u);
  const Made cut = made(graph, {.cost = 60});
  EXPECT_EQ(labels(*cut.plan), "exp*15 sum sqrt | exp*15 multiply");
  EXPECT_EQ(cut.traffic, (Traffic{2 * kAll + kRows * 4, kAll + kRows * 4}));
}

// Values fan out to four and come together again, twice.
TEST(Parts, a_cut_goes_through_the_waist) {
  const array x = matrix();
  const auto fan = [](const array& from) {
    return (chain(sin(from), 3) + chain(cos(from), 3)) *
           (chain(tanh(from), 3) + chain(sqrt(from), 3));
  };
  const auto graph = [&] { return std::vector<array>{fan(fan(x))}; };
  const Made cut = made(graph, {.cost = 100});
  ASSERT_EQ(cut.plan->instructions.size(), 2u) << labels(*cut.plan);
  EXPECT_EQ(cut.plan->instructions[0].node_count, 19u);
  EXPECT_EQ(cut.plan->instructions[1].node_count, 19u);
  EXPECT_EQ(cut.traffic, (Traffic{2 * kAll, 2 * kAll}));
}

// What both halves read counts as much as what one makes for the other.
TEST(Parts, operands_that_both_sides_read_are_counted) {
  const array x = matrix(), y = matrix();
  const auto graph = [&] {
    array z = chain(x * y, 9) + y;
    return std::vector<array>{chain(z, 14)};
  };
  // 10 nodes lie in the second half of the first 13; y dies after the eleventh.
  const Made cut = made(graph, {.cost = 40});
  EXPECT_EQ(labels(*cut.plan), "multiply exp*9 add exp | exp*13");
  EXPECT_EQ(cut.traffic, (Traffic{2 * kAll + kAll, 2 * kAll}));
}

TEST(Parts, one_buffer_read_often_is_one_buffer) {
  const array x = matrix();
  const auto graph = [&] {
    array y = x;
    for (int i = 0; i < 100; ++i) y = y * x + x;
    return std::vector<array>{y};
  };
  EXPECT_EQ(made(graph).plan->instructions.size(), 1u);
  EXPECT_EQ(made(graph).traffic, (Traffic{kAll, kAll}));
}

// A hundred updates side by side: no kernel ends in the middle of one.
TEST(Parts, many_outputs_are_several_kernels) {
  std::vector<array> values, steps;
  for (int i = 0; i < 100; ++i) {
    values.push_back(matrix());
    steps.push_back(matrix());
  }
  const auto graph = [&] {
    std::vector<array> next;
    for (size_t i = 0; i < values.size(); ++i) next.push_back(values[i] - steps[i] * 0.1);
    return next;
  };
  const Made all = made(graph);
  EXPECT_EQ(all.plan->instructions.size(), 7u);
  EXPECT_EQ(all.traffic, (Traffic{200 * kAll, 100 * kAll}));
  for (const Instruction& instruction : all.plan->instructions) {
    EXPECT_LE(instruction.buffers.size(), 48u);
    EXPECT_LE(instruction.node_count, 32u);
  }
}

TEST(Parts, parts_are_at_least_half_full) {
  const array x = matrix();
  const Made cut = made([&] { return std::vector<array>{chain(x, 5000)}; });
  EXPECT_GE(cut.plan->instructions.size(), 8u);
  EXPECT_LE(cut.plan->instructions.size(), 15u);
}

// ---- bits

std::vector<std::vector<std::byte>> bits_of(const std::vector<array>& roots) {
  eval(roots);
  std::vector<std::vector<std::byte>> result;
  for (const array& root : roots) {
    array dense = contiguous(root);
    dense.eval();
    const auto* data = static_cast<const std::byte*>(dense.data());
    result.emplace_back(data, data + static_cast<size_t>(dense.size()) * size_of(dense.dtype()));
  }
  return result;
}

array one_of(const std::vector<array>& values, std::mt19937_64& random) {
  // Mostly late ones, so that the graph is deep.
  const size_t back = random() % std::min<size_t>(values.size(), random() % 4 ? 6 : 60);
  return values[values.size() - 1 - back];
}

array random_node(const std::vector<array>& values, std::mt19937_64& random) {
  const array a = one_of(values, random), b = one_of(values, random);
  switch (random() % 12) {
    case 0:
      return tanh(a - sum(b, kLast, true) * 0.01);
    case 1:
      return a - max(b, kLast, true);
    case 2:
      return sin(astype(astype(a, Dtype::float16), Dtype::float32));
    case 3:
      return where(greater(a, 0.25), b, a * 0.5);
    case 4:
      return tanh(cumsum(a, 1)) + b * 0.125;
    case 5:
      return sin(a + sqrt(mean(square(a), kLast, true) + 0.5));
    case 6:
      return cos(a * 1.5);
    case 7:
      return minimum(a, b) * 0.75;
    default:
      return sin(a) - b * 0.5;
  }
}

// Graphs of several kernels each: their parts give the bits that every node alone gives.
TEST(Parts, random_large_graphs_keep_their_bits) {
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    const array x = random::normal(Shape{5, 33}, Dtype::float32, 0.0, 1.0, random::key(seed));
    const array y = random::normal(Shape{5, 33}, Dtype::float32, 0.0, 1.0, random::key(seed + 99));
    eval({x, y});
    const auto graph = [&] {
      std::mt19937_64 random(seed);
      std::vector<array> values = {x, y}, roots;
      for (int i = 0; i < 700; ++i) values.push_back(random_node(values, random));
      for (size_t i = values.size() - 1; i > 60; i -= 60) roots.push_back(values[i]);
      return roots;
    };
    const Made cut = made(graph);
    EXPECT_GT(cut.plan->instructions.size(), 1u);
    for (const Instruction& instruction : cut.plan->instructions) {
      const auto written = std::ranges::count_if(instruction.buffers, &Operand::written);
      EXPECT_LE(written, 16) << instruction.label;
      EXPECT_LE(instruction.buffers.size(), 48u) << instruction.label;
    }
    const auto fused = bits_of(graph());
    const ScopedSetting unfused("fusion", "off");
    EXPECT_EQ(fused, bits_of(graph())) << seed;
  }
}

}  // namespace
}  // namespace tandem::passes
