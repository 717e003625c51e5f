// Which nodes share a kernel, for listed graphs and as a property of random ones.
#include "tandem/passes/fuse/fuse.h"

#include <cstdlib>
#include <random>

#include "plans.h"
#include "tandem/passes/lower/lower.h"

namespace tandem::passes {
namespace {

using graph::FlatNode;
using graph::Structured;

TEST(Fuse, a_chain_is_one_kernel) {
  const array x = leaf({8, 4});
  EXPECT_EQ(labels(*plan_of({exp(multiply(x, 2.0)) + x})), "multiply exp add");
  EXPECT_EQ(plan_of({exp(multiply(x, 2.0)) + x}, false)->instructions.size(), 3u);
}

TEST(Fuse, a_diamond_is_one_kernel) {
  const array x = leaf({8, 4});
  const auto root = [&] {
    const array a = exp(x);
    return add(a, 1.0) * subtract(a, 1.0);
  };
  const auto plan = plan_of({root()});
  EXPECT_EQ(plan->instructions.size(), 1u);
  EXPECT_EQ(plan->instructions[0].node_count, 4u);
}

TEST(Fuse, outputs_over_the_same_input_share_a_kernel) {
  const array x = leaf({8, 4});
  EXPECT_EQ(labels(*plan_of({sin(x), cos(x)})), "sin cos");
}

TEST(Fuse, the_same_domain_is_one_kernel_without_an_edge) {
  const array x = leaf({8, 4}), y = leaf({8, 4}), z = leaf({4, 8});
  EXPECT_EQ(labels(*plan_of({sin(x), cos(y)})), "sin cos");
  EXPECT_EQ(labels(*plan_of({sin(x), cos(z)})), "sin | cos");
  EXPECT_EQ(labels(*plan_of({sin(x), cos(z), exp(y), tanh(z)})), "sin exp | cos tanh");
  EXPECT_EQ(labels(*plan_of({sin(x, kCpu), cos(y, kGpu)})), "sin | cos");
  EXPECT_EQ(labels(*plan_of({sum(x, std::vector<int64_t>{1}), exp(y)})), "sum exp");
  EXPECT_EQ(labels(*plan_of({sum(x, std::vector<int64_t>{1}), cumsum(y, 1), exp(x) * y})),
            "sum cumsum exp multiply");
  EXPECT_EQ(labels(*plan_of({sum(x, std::vector<int64_t>{1}), cumsum(y, 0), exp(x)})),
            "sum | cumsum exp");
}

// The newest cluster of the domain is tried, though an older one has grown since.
TEST(Fuse, the_newest_cluster_of_the_domain_is_open) {
  const array x = leaf({8, 8}), w = leaf({8, 8});
  const auto roots = [&] {
    const array early = exp(x);
    const array product = matmul(early, w);
    return std::vector<array>{sin(product), early * 2.0, product + 1.0};
  };
  EXPECT_EQ(labels(*plan_of(roots())), "exp multiply | matmul | sin add");
  const auto separate = [&] {
    const array early = exp(x);
    const array product = matmul(early, w);
    return std::vector<array>{sin(product), early * 2.0, cos(transpose(product))};
  };
  EXPECT_EQ(labels(*plan_of(separate())), "exp multiply | matmul | sin cos");
}

TEST(Fuse, sixteen_outputs_are_one_kernel) {
  const array x = leaf({8, 4});
  for (const int count : {16, 17, 33}) {
    std::vector<array> roots;
    for (int i = 0; i < count; ++i) roots.push_back(x * static_cast<double>(i + 2));
    EXPECT_EQ(plan_of(roots)->instructions.size(), static_cast<size_t>((count + 15) / 16));
  }
}

TEST(Fuse, a_reduction_takes_its_operand_and_its_epilogue) {
  const array x = leaf({8, 4});
  const array norm = sqrt(sum(x * x, std::vector<int64_t>{-1}));
  EXPECT_EQ(labels(*plan_of({add(norm, 1.0)})), "multiply sum sqrt add");
}

TEST(Fuse, reductions_over_the_same_axes_share_a_kernel_and_others_do_not) {
  const array x = leaf({8, 4});
  EXPECT_EQ(plan_of({sum(x, std::vector<int64_t>{0}), max(x, std::vector<int64_t>{0})})
                ->instructions.size(),
            1u);
  EXPECT_EQ(plan_of({sum(x, std::vector<int64_t>{0}), max(x, std::vector<int64_t>{1})})
                ->instructions.size(),
            2u);
}

array softmax_by_hand(const array& x, int64_t axis = -1) {
  const array e = exp(x - max(x, std::vector<int64_t>{axis}, true));
  return e / sum(e, std::vector<int64_t>{axis}, true);
}

TEST(Fuse, softmax_by_hand_is_one_kernel) {
  EXPECT_EQ(labels(*plan_of({softmax_by_hand(leaf({16, 40}))})), "max subtract exp sum divide");
  EXPECT_EQ(labels(*plan_of({softmax_by_hand(leaf({16, 40}), 0)})), "max subtract exp sum divide");
}

// A row's result without its axis is read over the rows again through expand_dims, or as it is
// where the reduced axes are the first ones.
TEST(Fuse, rows_without_their_axis_are_read_too) {
  const array x = leaf({16, 40});
  const auto centred = [&](int64_t axis) {
    const array mean = sum(x, std::vector<int64_t>{axis}) * 0.25;
    return x - (axis == 0 ? mean : expand_dims(mean, {axis}));
  };
  EXPECT_EQ(labels(*plan_of({centred(0)})), "sum multiply subtract");
  EXPECT_EQ(labels(*plan_of({centred(1)})), "sum multiply subtract");
  EXPECT_EQ(labels(*plan_of({x / sum(x)})), "sum divide");
  EXPECT_EQ(labels(*plan_of({x / broadcast_to(max(x), Shape{16, 40})})), "max divide");
}

// Between a reduction and what reads it the axis may come and go.
TEST(Fuse, reshaped_results_of_rows_are_still_of_those_rows) {
  const array x = leaf({16, 40, 3});
  const auto scaled = [&] {
    const array norm = sum(x * x, std::vector<int64_t>{1});
    return x / sqrt(expand_dims(norm, {1}) + 1.0);
  };
  const auto plan = plan_of({scaled()});
  EXPECT_EQ(labels(*plan), "multiply sum add sqrt divide");
  ASSERT_EQ(plan->row_shape_guards.size(), 1u);
  const auto squeezed = [&] {
    return exp(squeeze(max(x, std::vector<int64_t>{1, 2}, true))) * 2.0;
  };
  EXPECT_EQ(labels(*plan_of({squeezed()})), "max exp multiply");
  const auto another = [&] {  // 40 results of 48 elements are no rows of the other axes
    return exp(reshape(max(x, std::vector<int64_t>{0, 2}), Shape{40, 1, 1})) + 1.0;
  };
  EXPECT_EQ(labels(*plan_of({another()})), "max | exp add");
}

TEST(Fuse, shape_guards_compare_sizes) {
  const std::vector<int64_t> dims = {16, 40, 3, 16, 1, 3, 16, 3, 16, 2, 3};
  EXPECT_TRUE(holds(RowShapeGuard{0, 3, 2, 3, 3}, dims));   // (16, 1, 3)
  EXPECT_TRUE(holds(RowShapeGuard{0, 3, 2, 6, 2}, dims));   // (16, 3)
  EXPECT_FALSE(holds(RowShapeGuard{0, 3, 2, 8, 3}, dims));  // (16, 2, 3)
  EXPECT_FALSE(holds(RowShapeGuard{0, 3, 2, 3, 2}, dims));  // (16, 1)
  EXPECT_FALSE(holds(RowShapeGuard{0, 3, 2, 6, 1}, dims));  // (16,)
  EXPECT_FALSE(holds(RowShapeGuard{0, 3, 4, 3, 3}, dims));  // of another axis
  EXPECT_TRUE(holds(RowShapeGuard{0, 3, 7, 0, 0}, dims));   // all reduced: ()
}

// The shapes would let a row's result be read along another axis: that is no row of its own.
TEST(Fuse, rows_of_another_axis_are_read_from_memory) {
  const array x = leaf({16, 16});
  EXPECT_EQ(labels(*plan_of({x - sum(x, std::vector<int64_t>{1})})), "sum | subtract");
  EXPECT_EQ(labels(*plan_of({x - transpose(sum(x, std::vector<int64_t>{1}, true))})),
            "sum | subtract");
  EXPECT_EQ(labels(*plan_of({x - reshape(sum(x, std::vector<int64_t>{0}), Shape{16, 1})})),
            "sum | subtract");
}

TEST(Fuse, scans_join_what_is_before_and_behind_them) {
  const array x = leaf({16, 40});
  EXPECT_EQ(labels(*plan_of({greater(cumsum(exp(x), 1), 3.0)})), "exp cumsum greater");
  EXPECT_EQ(labels(*plan_of({cumsum(x, 0) / sum(x, std::vector<int64_t>{0})})),
            "cumsum sum divide");
  EXPECT_EQ(labels(*plan_of({cumsum(cummax(x, 1), 1, true)})), "cummax cumsum");
  EXPECT_EQ(labels(*plan_of({cumsum(cummax(x, 1), 0)})), "cummax | cumsum");
  // One pass over the row, however long it is; two need the cache.
  const array wide = leaf({1 << 20});
  const auto plan = plan_of({greater(cumsum(exp(wide)), 3.0)});
  EXPECT_EQ(plan->instructions.size(), 1u);
  EXPECT_TRUE(plan->row_guards.empty());
  EXPECT_EQ(plan_of({cumsum(cummax(wide))})->instructions.size(), 2u);
}

TEST(Fuse, long_rows_are_not_read_twice_by_one_kernel) {
  const array x = leaf({2, 1 << 17});
  const auto plan = plan_of({softmax_by_hand(x)});
  EXPECT_EQ(labels(*plan), "max | subtract exp sum | divide");
  ASSERT_EQ(plan->row_guards.size(), 1u);
  EXPECT_TRUE(holds(plan->row_guards[0], std::vector<int64_t>{2, 1 << 17}));
  EXPECT_FALSE(holds(plan->row_guards[0], std::vector<int64_t>{2, 1 << 8}));
}

TEST(Fuse, equal_reductions_are_one_stage) {
  const array x = leaf({16, 40});
  const array m = mean(x, std::vector<int64_t>{-1}, true);
  const auto plan = plan_of({(x - m) / sqrt(var(x, std::vector<int64_t>{-1}, true) + 1e-5)});
  ASSERT_EQ(plan->instructions.size(), 1u);
  const auto& stages = plan->instructions[0].text->stages;
  EXPECT_EQ(std::count_if(stages.begin(), stages.end(),
                          [](const auto& s) { return s.kind == kernel::StageKind::reduce; }),
            2);
}

TEST(Fuse, a_product_is_a_barrier) {
  const array x = leaf({8, 4}), w = leaf({4, 8});
  EXPECT_EQ(labels(*plan_of({exp(matmul(multiply(x, 2.0), w))})), "multiply | matmul | exp");
}

TEST(Fuse, streams_are_barriers) {
  const array x = leaf({8, 4});
  EXPECT_EQ(labels(*plan_of({multiply(add(x, 1.0, kCpu), 2.0, kGpu)})), "add | multiply");
}

TEST(Fuse, five_hundred_exp_are_one_kernel) {
  array x = leaf({512, 4});
  for (int i = 0; i < 500; ++i) x = exp(x);
  EXPECT_EQ(labels(*plan_of({x})), "exp*500");
}

TEST(Fuse, generators_are_computed_where_they_are_read) {
  const array x = leaf({40});
  const array index =
      arange(Scalar(int64_t{0}), Scalar(int64_t{40}), Scalar(int64_t{1}), Dtype::float32);
  EXPECT_EQ(labels(*plan_of({x * index + ones(Shape{40})})), "multiply add");
}

// A mask from index ranges is cheaper to make than to read.
TEST(Fuse, cheap_values_of_no_memory_are_made_where_they_are_read) {
  const array x = leaf({2, 40, 40});
  const auto index = [] {
    return arange(Scalar(int64_t{0}), Scalar(int64_t{40}), Scalar(int64_t{1}), Dtype::int32);
  };
  const auto causal = [&] {
    return greater_equal(expand_dims(index(), {1}), expand_dims(index() * 2, {0}));
  };
  // Roots are made by functions: what such a function leaves behind is held by nobody.
  const auto masked = [&](bool turned) {
    const array mask = causal();
    return where(turned ? transpose(mask) : mask, x, 0.0);
  };
  EXPECT_EQ(labels(*plan_of({masked(false)})), "where");
  EXPECT_EQ(labels(*plan_of({masked(true)})), "where");
  // One that costs more, that a call reads, or that is kept, is made once.
  const auto costly = [&] { return where(exp(ones(Shape{1, 40})), x, 0.0); };
  EXPECT_EQ(labels(*plan_of({costly()})), "exp | where");
  const auto product = [&] { return matmul(astype(causal(), Dtype::float32), x); };
  EXPECT_EQ(labels(*plan_of({product()})), "cast | matmul");
  const array mask = causal();
  EXPECT_EQ(plan_of({mask, where(mask, x, 0.0)})->instructions.size(), 2u);
}

TEST(Fuse, kernels_stop_growing) {
  const array x = leaf({64});
  array y = x;
  for (int i = 0; i < 20000; ++i) y = y + x;
  const auto plan = plan_of({y});
  EXPECT_GT(plan->instructions.size(), 10u);
  for (const Instruction& instruction : plan->instructions)
    EXPECT_LE(instruction.node_count, 1000u);
}

// ---- random graphs

// Three domains, and the rows of their first and last axes with and without them.
std::vector<int64_t> random_dims() { return {8, 8, 8, 8, 8, 8, 8, 0, 1, 8, 8, 1}; }

SimpleGraph random_graph(std::mt19937_64& random,
                         const std::vector<const graph::Attributes*>& axes) {
  SimpleGraph graph;
  const size_t count = 2 + random() % 30;
  const auto slots = static_cast<uint16_t>(1 + random() % 3);
  for (size_t n = 0; n < count; ++n) {
    SimpleNode node;
    node.flat.rank = 2;
    node.flat.first_dim = static_cast<uint32_t>(2 * (random() % 3));
    node.flat.slot = static_cast<uint16_t>(random() % slots);
    node.kept = random() % 5 == 0 || n + 1 == count;
    const auto input = [&] {
      const auto value = static_cast<uint32_t>(random() % n);
      const FlatNode& flat = graph.nodes[value].flat;
      Operand operand{value, {}, flat.first_dim, flat.rank, false, false};
      if (random() % 6 == 0) {
        operand.views.push_back(
            {Structured::transpose, nullptr, operand.first_dim, operand.rank, 0});
      }
      return operand;
    };
    const uint64_t kind = n == 0 ? 0 : random() % 8;
    if (kind == 0) {
      node.flat.op = Structured::leaf;
      node.flat.leaf = static_cast<uint32_t>(n);
      node.kept = false;
    } else if (kind == 1) {
      node.flat.op = Structured::matmul;
      node.inputs = {input(), input()};
    } else if (kind == 2) {
      node.flat.op = Structured::reduce;
      node.flat.attributes = axes[random() % axes.size()];
      node.inputs = {input()};
      const auto& words = node.flat.attributes->words;
      const bool kept = words[2] != 0;
      node.flat.first_dim = !kept ? 6u : words[1] == 1 ? 8u : 10u;
      node.flat.rank = kept ? 2 : 1;
      if (random() % 3 == 0) {
        node.flat.op = Structured::scan;
        node.flat.first_dim = node.inputs[0].first_dim;
        node.flat.rank = node.inputs[0].rank;
      }
    } else {
      node.flat.op = op_table::RowId::add;
      node.inputs = {input(), input()};
      // The shape of an operand, or what a row of it repeats to.
      const FlatNode& first = graph.nodes[node.inputs[0].value].flat;
      if (random() % 4 != 0 && !(first.rank == 2 && first.first_dim < 6 && random() % 2 == 0)) {
        const FlatNode& second = graph.nodes[node.inputs[1].value].flat;
        const FlatNode& wide = second.first_dim < 6 ? second : first;
        node.flat.first_dim = wide.first_dim;
        node.flat.rank = wide.rank;
      }
    }
    graph.nodes.push_back(std::move(node));
  }
  return graph;
}

// Every edge points to the same or a later cluster, so no cycle can arise; within a cluster inputs
// come first. Under narrow limits clusters are divided, and then keep to them.
class FuseRandom : public ::testing::TestWithParam<KernelLimits> {};
INSTANTIATE_TEST_SUITE_P(Limits, FuseRandom,
                         ::testing::Values(KernelLimits{}, KernelLimits{.cost = 16},
                                           KernelLimits{.outputs = 2}, KernelLimits{.buffers = 5}),
                         [](const auto& each) {
                           return "cost_" + std::to_string(each.param.cost) + "_outputs_" +
                                  std::to_string(each.param.outputs) + "_buffers_" +
                                  std::to_string(each.param.buffers);
                         });

void expect_within(const SimpleGraph& graph, const Clusters& clusters, uint32_t number,
                   const KernelLimits& limits) {
  const Cluster& cluster = clusters.clusters[number];
  if (cluster.library || cluster.nodes.size() < 2) return;
  const Instruction instruction = lower_kernel(graph, clusters, number);
  const auto written = std::ranges::count_if(instruction.buffers, &Operand::written);
  // A reduction takes along what is computed once a row from it.
  const auto begins = [&](uint32_t n) {
    return clusters.places[n].level == Place::element ||
           graph.nodes[n].flat.op.is(Structured::reduce);
  };
  if (std::ranges::count_if(cluster.nodes, begins) < 2) return;
  ASSERT_LE(cluster.cost, limits.cost);
  ASSERT_LE(written, limits.outputs);
  // Rows of one element can turn elements into values of rows, which read the same operand through
  // a buffer of their own.
  std::vector<Operand> buffers;
  for (Operand operand : instruction.buffers) {
    operand.row = operand.kept_axes = false;
    if (std::ranges::find(buffers, operand) == buffers.end()) buffers.push_back(operand);
  }
  ASSERT_LE(buffers.size(), limits.buffers);
}

TEST_P(FuseRandom, clusters_have_no_cycles) {
  const std::vector<const graph::Attributes*> axes = {
      graph::intern({0, 1, 0, 0}), graph::intern({0, 2, 0, 0}), graph::intern({0, 1, 1, 0}),
      graph::intern({2, 2, 1, 0})};
  const std::vector<int64_t> dims = random_dims();
  std::mt19937_64 random(11);
  size_t fused = 0;
  const char* wanted = std::getenv("TEST_GRAPHS");
  const int count = wanted ? std::atoi(wanted) : 10000;
  for (int i = 0; i < count; ++i) {
    const SimpleGraph graph = random_graph(random, axes);
    const Clusters clusters = fuse(graph, dims, {true, {}, GetParam()});
    for (uint32_t n = 0; n < graph.nodes.size(); ++n) {
      const uint32_t mine = clusters.cluster_of[n];
      const SimpleNode& node = graph.nodes[n];
      ASSERT_EQ(mine == kNone, node.flat.leaf != kNone);
      if (mine == kNone) continue;
      const Cluster& cluster = clusters.clusters[mine];
      ASSERT_EQ(cluster.slot, node.flat.slot);
      ASSERT_EQ(cluster.library, node.flat.op.is(Structured::matmul));
      for (const Operand& input : node.inputs) {
        const uint32_t theirs = clusters.cluster_of[input.value];
        if (theirs == kNone) continue;
        ASSERT_LE(theirs, mine) << "graph " << i << " node " << n;
        if (theirs == mine) {
          ASSERT_TRUE(is_direct(input));
          const Place &from = clusters.places[input.value], &to = clusters.places[n];
          ASSERT_LE(from.round, to.round);
          ASSERT_TRUE(from.level == Place::row || to.level == Place::element ||
                      node.flat.op.is(Structured::reduce));
          ASSERT_TRUE(!node.flat.op.is(Structured::scan) || from.round < to.round);
        } else {
          ASSERT_TRUE(clusters.in_memory[input.value]);
        }
      }
      ASSERT_TRUE(!node.kept || clusters.in_memory[n]);
    }
    size_t placed = 0;
    for (uint32_t c = 0; c < clusters.clusters.size(); ++c) {
      expect_within(graph, clusters, c, GetParam());
    }
    for (const Cluster& cluster : clusters.clusters) {
      const size_t size = cluster.nodes.size();
      ASSERT_TRUE(std::is_sorted(cluster.nodes.begin(), cluster.nodes.end()));
      ASSERT_TRUE(!cluster.library || size == 1);
      fused += size > 1;
      placed += size;
    }
    size_t computing = 0;
    for (const SimpleNode& node : graph.nodes) computing += node.flat.leaf == kNone;
    ASSERT_EQ(placed, computing);
  }
  EXPECT_GT(fused, static_cast<size_t>(count) / 2);
}

TEST(Fuse, off_means_one_node_each) {
  std::mt19937_64 random(12);
  const SimpleGraph graph = random_graph(random, {graph::intern({0, 1, 0})});
  const std::vector<int64_t> dims = random_dims();
  for (const Cluster& cluster : fuse(graph, dims, {false, {}, {}}).clusters) {
    EXPECT_EQ(cluster.nodes.size(), 1u);
  }
}

}  // namespace
}  // namespace tandem::passes
