// Nodes: what they hold, how long they live, on whatever thread they die.
#include "tandem/graph/node.h"

#include <gtest/gtest.h>

#include <numeric>
#include <thread>
#include <vector>

#include "tandem/tandem.h"

namespace tandem::graph {
namespace {

array leaf(int64_t count = 4) {
  const std::vector<float> data(static_cast<size_t>(count), 1.0f);
  return array(data.data(), Shape{count}, Dtype::float32);
}

TEST(Node, is_two_cache_lines) {
  EXPECT_EQ(sizeof(Node), 128u);
  EXPECT_EQ(alignof(Node), 64u);
  EXPECT_EQ(sizeof(array), sizeof(void*));
}

TEST(Node, keeps_what_it_is_made_of) {
  const array a = leaf(), b = leaf();
  for (const size_t rank : {0u, 1u, 4u, 5u, 9u}) {
    for (const size_t inputs : {0u, 1u, 3u, 7u}) {
      for (const size_t params : {0u, 3u, 6u}) {
        std::vector<int64_t> shape(rank, 2);
        std::vector<Node*> operands(inputs, a.node().get());
        if (inputs > 1) operands[1] = b.node().get();
        std::vector<uint64_t> words(params);
        std::iota(words.begin(), words.end(), 5);
        const Attributes* attributes = intern({1, 2, 3});
        const uint32_t before = a.node()->reference_count();
        {
          const NodeRef node = Node::make({.op = op_table::RowId::add,
                                           .dtype = Dtype::int16,
                                           .stream = 7,
                                           .shape = shape,
                                           .inputs = operands,
                                           .params = words,
                                           .immediates = 2,
                                           .immediate_dtype = Dtype::uint8,
                                           .attributes = attributes});
          EXPECT_EQ(node->op(), OpCode(op_table::RowId::add));
          EXPECT_EQ(node->dtype(), Dtype::int16);
          EXPECT_EQ(node->stream(), 7);
          EXPECT_EQ(node->immediates(), 2);
          EXPECT_EQ(node->immediate_dtype(), Dtype::uint8);
          EXPECT_EQ(Shape(node->shape()), Shape(Dims(shape)));
          EXPECT_TRUE(std::equal(operands.begin(), operands.end(), node->inputs().begin(),
                                 node->inputs().end()));
          EXPECT_TRUE(
              std::equal(words.begin(), words.end(), node->params().begin(), node->params().end()));
          EXPECT_EQ(node->attributes_key(), attributes);
          EXPECT_EQ(node->bytes(), size_t{2} << rank);
          EXPECT_EQ(node->storage(), nullptr);
          EXPECT_EQ(a.node()->reference_count(), before + inputs - (inputs > 1 ? 1 : 0));
        }
        EXPECT_EQ(a.node()->reference_count(), before);
      }
    }
  }
}

TEST(Node, equal_attributes_are_one_address) {
  EXPECT_EQ(intern({1, -2, 3}), intern({1, -2, 3}));
  EXPECT_NE(intern({1, -2, 3}), intern({1, -2}));
  EXPECT_NE(intern({1, -2, 3}), intern({3, -2, 1}));
  EXPECT_EQ(intern({}), nullptr);
}

TEST(Node, an_input_lives_as_long_as_its_users) {
  const int64_t before = Node::live_count();
  {
    array sum = leaf();
    {
      const array input = exp(leaf());
      sum = add(input, input);
    }
    EXPECT_EQ(Node::live_count(), before + 3);
  }
  EXPECT_EQ(Node::live_count(), before);
}

TEST(Node, a_long_chain_dies_without_recursion) {
  const int64_t before = Node::live_count();
  {
    array x = leaf();
    for (int i = 0; i < 300000; ++i) x = negative(x);
    EXPECT_EQ(Node::live_count(), before + 300001);
  }
  EXPECT_EQ(Node::live_count(), before);
}

// Made on one thread, let go on another, many times over: cells go round and none is lost or given
// twice.
TEST(Node, nodes_die_on_other_threads) {
  const int64_t before = Node::live_count();
  for (int round = 0; round < 4; ++round) {
    std::vector<std::vector<array>> made(4);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        array x = leaf();
        for (int i = 0; i < 6000; ++i) {
          x = i % 50 == 0 ? leaf() : add(x, static_cast<int64_t>(t));
          made[static_cast<size_t>(t)].push_back(x);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    threads.clear();
    EXPECT_EQ(Node::live_count(), before + 4 * 6000);
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (const array& a : made[static_cast<size_t>((t + 1) % 4)]) {
          ASSERT_EQ(a.shape(0), 4);
        }
        made[static_cast<size_t>((t + 1) % 4)].clear();
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(Node::live_count(), before);
  }
}

}  // namespace
}  // namespace tandem::graph
