#include "tandem/kernel/repeats.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "tandem/kernel/builder.h"
#include "tandem/kernel/fuzz/generator.h"
#include "tandem/kernel/signatures.h"

namespace tandem::kernel {
namespace {

using Steps = std::vector<Repeat::ParamStep>;

// All nodes in order; what stores take is used from outside.
struct Line {
  explicit Line(Kernel of) : kernel(std::move(of)), order(kernel.nodes.size()) {
    std::iota(order.begin(), order.end(), 0u);
    for (const Node& node : kernel.nodes) {
      if (is_store(node.op)) roots.push_back(node.in[node.input_count - 1u]);
    }
  }
  std::vector<Repeat> repeats() const { return find_repeats(kernel, order, roots); }

  Kernel kernel;
  std::vector<NodeId> order, roots;
};

// The node at place k of loop piece r as the loop would evaluate it, against the node it stands for.
void expect_piece(const Line& line, const Repeat& repeat, size_t r, size_t k) {
  Node node = line.kernel.nodes[repeat.body() + k];
  for (const Repeat::ParamStep& step : repeat.param_steps) {
    if (step.place == k) node.slot = static_cast<uint16_t>(node.slot + step.step * int(r));
  }
  for (int i = 0; i < node.input_count; ++i) {
    if (node.in[i] >= repeat.begin) node.in[i] += static_cast<NodeId>(r * repeat.period);
  }
  EXPECT_EQ(node, line.kernel.nodes[repeat.body() + r * repeat.period + k]);
}

// The loops compute what the line computes: pieces are equal, and only values that are carried, or
// those of the last piece, are read from outside of their piece.
void expect_sound(const Line& line) {
  size_t end = 0;
  for (const Repeat& repeat : line.repeats()) {
    EXPECT_GE(repeat.begin, end);
    end = repeat.end();
    ASSERT_LE(end, line.order.size());
    const std::set<size_t> carried(repeat.carried.begin(), repeat.carried.end());
    for (size_t r = 0; r < repeat.count; ++r) {
      for (size_t k = 0; k < repeat.period; ++k) expect_piece(line, repeat, r, k);
    }
    const auto read = [&](NodeId id, size_t by) {
      if (id < repeat.begin || id >= end) return;
      const size_t piece = (id - repeat.begin) / repeat.period;  // 0: before the loop
      const size_t reader = by >= end ? repeat.count + 1 : (by - repeat.begin) / repeat.period;
      if (reader == piece || piece == 0) return;
      EXPECT_TRUE(by >= end ? piece == repeat.count : reader == piece + 1);
      EXPECT_TRUE(carried.contains((id - repeat.begin) % repeat.period));
    };
    for (size_t i = 0; i < line.order.size(); ++i) {
      const Node& node = line.kernel.nodes[i];
      for (int k = 0; k < node.input_count; ++k) read(node.in[k], i);
    }
    for (const NodeId root : line.roots) read(root, line.order.size());
  }
}

// `turns` times: `count` values, each made of itself, its neighbour, a constant and, where `params`,
// a parameter of the turn's own.
Kernel chain(int count, int turns, bool params) {
  Builder b(1);
  std::vector<NodeId> values;
  for (int k = 0; k < count; ++k) values.push_back(b.load(b.input(Dtype::float32)));
  for (int i = 0; i < turns; ++i) {
    std::vector<NodeId> next;
    for (size_t k = 0; k < values.size(); ++k) {
      const NodeId factor =
          params ? b.param(b.add_param(Type::f32)) : b.float_constant(Type::f32, 0.75);
      const NodeId moved = b.binary(Op::mul, values[k], factor);
      next.push_back(b.binary(Op::sub, moved, values[(k + 1) % values.size()]));
    }
    values = std::move(next);
  }
  for (const NodeId value : values) b.store(b.output(Dtype::float32), value);
  return b.finish();
}

TEST(Repeats, chains_of_several_carried_values) {
  for (int carried = 1; carried <= 5; ++carried) {
    for (const bool params : {false, true}) {
      const Line line(chain(carried, 40, params));
      const std::vector<Repeat> repeats = line.repeats();
      ASSERT_EQ(repeats.size(), 1u) << carried << params;
      const auto nodes = static_cast<size_t>(carried) * (params ? 3 : 2);
      EXPECT_EQ(repeats[0].period, nodes);
      EXPECT_GE(repeats[0].count, 38u);
      EXPECT_EQ(repeats[0].carried.size(), static_cast<size_t>(carried));
      EXPECT_EQ(repeats[0].param_steps.size(), params ? static_cast<size_t>(carried) : 0u);
      for (const Repeat::ParamStep& step : repeats[0].param_steps) EXPECT_EQ(step.step, carried);
      // Nothing but loads, the first piece and stores is left.
      EXPECT_GE(repeats[0].count * nodes + 2 * nodes + 2 * static_cast<size_t>(carried) + 1,
                line.order.size());
      expect_sound(line);
    }
  }
}

TEST(Repeats, each_turn_reads_the_parameters_behind_the_last_ones) {
  Builder b(1);
  NodeId x = b.load(b.input(Dtype::float32));
  for (int i = 0; i < 10; ++i) {
    x = b.binary(Op::mul, x, b.param(b.add_param(Type::f32)));
    x = b.binary(Op::add, x, b.param(b.add_param(Type::f32)));
  }
  b.store(b.output(Dtype::float32), x);
  const Line line(b.finish());
  const std::vector<Repeat> repeats = line.repeats();
  ASSERT_EQ(repeats.size(), 1u);
  EXPECT_EQ(repeats[0].period, 4u);
  EXPECT_EQ(repeats[0].count, 9u);
  EXPECT_EQ(repeats[0].param_steps, (Steps{{0, 2}, {2, 2}}));
  expect_sound(line);
}

TEST(Repeats, a_parameter_of_all_turns_does_not_move) {
  Builder b(1);
  const NodeId rate = b.param(b.add_param(Type::f32));
  NodeId x = b.load(b.input(Dtype::float32));
  for (int i = 0; i < 20; ++i) x = b.binary(Op::mul, x, rate);
  b.store(b.output(Dtype::float32), x);
  const Line line(b.finish());
  ASSERT_EQ(line.repeats().size(), 1u);
  EXPECT_EQ(line.repeats()[0].count, 20u);
  EXPECT_TRUE(line.repeats()[0].param_steps.empty());
}

TEST(Repeats, parameters_in_another_order_do_not_roll) {
  Builder b(1);
  std::vector<uint16_t> params;
  for (int i = 0; i < 20; ++i) params.push_back(b.add_param(Type::f32));
  NodeId x = b.load(b.input(Dtype::float32));
  for (int i = 0; i < 20; ++i) x = b.binary(Op::mul, x, b.param(params[(i * i) % 20u]));
  b.store(b.output(Dtype::float32), x);
  const Line line(b.finish());
  for (const Repeat& repeat : line.repeats()) EXPECT_LT(repeat.count * repeat.period, 20u);
  expect_sound(line);
}

// Near repetitions: something is different in each piece, or needed by more than the next one.
Kernel near_repetition(int what) {
  Builder b(1);
  const NodeId first = b.load(b.input(Dtype::float32));
  NodeId x = first;
  std::vector<NodeId> all;
  for (int i = 0; i < 30; ++i) {
    const double constant = what == 0 ? 1.0 + i : 0.5;
    const Op op = what == 1 && i * i % 7 < 3 ? Op::add : Op::mul;
    x = b.binary(op, x, b.float_constant(Type::f32, constant));
    if (what == 2) x = b.binary(Op::sub, x, b.load(b.input(Dtype::float32)));
    if (what == 3) b.store(b.output(Dtype::float32), x);
    all.push_back(x);
  }
  if (what == 4) {
    x = first;
    for (const NodeId each : all) x = b.binary(Op::max, each, x);
  }
  b.store(b.output(Dtype::float32), x);
  return b.finish();
}

TEST(Repeats, near_repetitions_do_not_roll) {
  for (int what = 0; what < 5; ++what) {
    const Line line(near_repetition(what));
    EXPECT_TRUE(line.repeats().empty()) << what;
  }
  const Line line(near_repetition(5));
  EXPECT_EQ(line.repeats().size(), 1u);
  expect_sound(line);
}

TEST(Repeats, few_pieces_do_not_roll) {
  const Line three(chain(4, 3, false)), six(chain(1, 6, false)), eight(chain(1, 8, false));
  EXPECT_TRUE(three.repeats().empty());
  EXPECT_TRUE(six.repeats().empty());
  EXPECT_EQ(eight.repeats().size(), 1u);
}

// Sixteen equal steps inside each turn: one loop of turns, not one a turn.
TEST(Repeats, pieces_that_repeat_something_are_one_loop) {
  Builder b(1);
  NodeId x = b.load(b.input(Dtype::float32));
  const NodeId y = b.load(b.input(Dtype::float32));
  for (int turn = 0; turn < 12; ++turn) {
    for (int i = 0; i < 16; ++i) x = b.unary(Op::sqrt, x);
    x = b.binary(Op::add, x, y);
  }
  b.store(b.output(Dtype::float32), x);
  const Line line(b.finish());
  ASSERT_EQ(line.repeats().size(), 1u);
  EXPECT_EQ(line.repeats()[0].period, 17u);
  EXPECT_GE(line.repeats()[0].count, 10u);
  expect_sound(line);
}

// The value before the last one: two turns make a piece.
TEST(Repeats, values_of_two_turns_before) {
  Builder b(1);
  NodeId x = b.load(b.input(Dtype::float32)), before = b.load(b.input(Dtype::float32));
  for (int i = 0; i < 40; ++i) {
    const NodeId next = b.binary(Op::sub, x, before);
    before = x;
    x = next;
  }
  b.store(b.output(Dtype::float32), x);
  const Line line(b.finish());
  ASSERT_EQ(line.repeats().size(), 1u);
  EXPECT_EQ(line.repeats()[0].period, 2u);
  EXPECT_EQ(line.repeats()[0].carried.size(), 2u);
  expect_sound(line);
}

TEST(Repeats, random_lines_are_sound) {
  size_t found = 0;
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    fuzz::Random random(seed);
    Builder b(1);
    std::vector<NodeId> values;
    for (int k = 0; k < 3; ++k) values.push_back(b.load(b.input(Dtype::float32)));
    // A few recipes, each applied several times; now and then a turn is spoiled.
    for (int part = 0; part < 4; ++part) {
      const auto draw = [&](int64_t n) { return static_cast<size_t>(random.below(n)); };
      std::vector<std::array<size_t, 3>> recipe(1 + draw(5));
      for (auto& step : recipe) step = {draw(3), draw(3), draw(4)};
      const size_t turns = 1 + draw(25);
      for (size_t turn = 0; turn < turns; ++turn) {
        for (const auto& [to, from, kind] : recipe) {
          const NodeId other = kind == 0   ? b.param(b.add_param(Type::f32))
                               : kind == 1 ? b.float_constant(Type::f32, 0.5)
                                           : values[from];
          values[to] = b.binary(kind == 2 ? Op::max : Op::sub, values[to], other);
        }
        if (random.below(20) == 0) values[0] = b.unary(Op::neg, values[0]);
      }
    }
    for (const NodeId value : values) b.store(b.output(Dtype::float32), value);
    const Line line(b.finish());
    found += line.repeats().size();
    expect_sound(line);
  }
  EXPECT_GT(found, 300u);
}

}  // namespace
}  // namespace tandem::kernel
