// Which nodes share a kernel, for listed graphs and as a property of random ones.
#include "tandem/passes/fuse.h"

#include <random>

#include "plans.h"

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

// A row's result that is broadcast over the row again is read from memory by the next kernel.
TEST(Fuse, softmax_by_hand) {
  const array x = leaf({16, 40});
  const auto softmax = [&] {
    const array e = exp(x - max(x, std::vector<int64_t>{-1}, true));
    return e / sum(e, std::vector<int64_t>{-1}, true);
  };
  EXPECT_EQ(labels(*plan_of({softmax()})), "max | subtract exp sum | divide");
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
      Operand operand{value, {}, graph.nodes[value].flat.first_dim, 2, false, false};
      if (random() % 6 == 0) {
        operand.views.push_back({Structured::transpose, nullptr, operand.first_dim, 2, 0});
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
      node.flat.first_dim = 6;  // rows
      node.flat.rank = 1;
    } else {
      node.flat.op = op_table::RowId::add;
      node.inputs = {input(), input()};
    }
    graph.nodes.push_back(std::move(node));
  }
  return graph;
}

// Every edge points to the same or a later cluster, so no cycle can arise; within a cluster inputs
// come first.
TEST(Fuse, clusters_of_random_graphs_have_no_cycles) {
  const std::vector<const graph::Attributes*> axes = {
      graph::intern({0, 1, 0}), graph::intern({0, 2, 0}), graph::intern({2, 3, 0}),
      graph::intern({0, 1, 1})};
  std::mt19937_64 random(11);
  size_t fused = 0;
  for (int i = 0; i < 10000; ++i) {
    const SimpleGraph graph = random_graph(random, axes);
    const Clusters clusters = fuse(graph, true);
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
        } else {
          ASSERT_TRUE(clusters.in_memory[input.value]);
        }
      }
      ASSERT_TRUE(!node.kept || clusters.in_memory[n]);
    }
    size_t placed = 0;
    for (const Cluster& cluster : clusters.clusters) {
      const size_t size =
          cluster.element_nodes.size() + cluster.reductions.size() + cluster.row_nodes.size();
      ASSERT_TRUE(std::is_sorted(cluster.element_nodes.begin(), cluster.element_nodes.end()));
      ASSERT_TRUE(std::is_sorted(cluster.row_nodes.begin(), cluster.row_nodes.end()));
      ASSERT_TRUE(!cluster.library || size == 1);
      fused += size > 1;
      placed += size;
    }
    size_t computing = 0;
    for (const SimpleNode& node : graph.nodes) computing += node.flat.leaf == kNone;
    ASSERT_EQ(placed, computing);
  }
  EXPECT_GT(fused, 10000u);
}

TEST(Fuse, off_means_one_node_each) {
  std::mt19937_64 random(12);
  const SimpleGraph graph = random_graph(random, {graph::intern({0, 1, 0})});
  for (const Cluster& cluster : fuse(graph, false).clusters) {
    EXPECT_EQ(cluster.element_nodes.size() + cluster.reductions.size() + cluster.row_nodes.size(),
              1u);
  }
}

}  // namespace
}  // namespace tandem::passes
