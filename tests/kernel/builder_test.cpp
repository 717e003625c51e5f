#include "tandem/kernel/builder.h"

#include <gtest/gtest.h>

#include "tandem/base/error.h"
#include "tandem/kernel/leaf.h"
#include "tandem/kernel/rows/carrier.h"
#include "tandem/kernel/rows/leaf_carrier.h"

namespace tandem::kernel {
namespace {

TEST(Builder, shares_equal_nodes_of_a_stage) {
  Builder b(1);
  const auto x = b.input(Dtype::float32);
  const NodeId a = b.load(x);
  EXPECT_EQ(b.load(x), a);
  const NodeId sum = b.binary(Op::add, a, b.float_constant(Type::f32, 1));
  EXPECT_EQ(b.binary(Op::add, a, b.float_constant(Type::f32, 1)), sum);
  EXPECT_NE(b.binary(Op::add, b.float_constant(Type::f32, 1), a), sum) << "no algebra";
}

TEST(Builder, constants_differ_by_bits_and_type) {
  Builder b(1);
  EXPECT_NE(b.float_constant(Type::f32, 0.0), b.float_constant(Type::f32, -0.0));
  EXPECT_NE(b.int_constant(Type::i32, 1), b.int_constant(Type::i64, 1));
  EXPECT_EQ(b.int_constant(Type::i32, -1), b.constant(Type::i32, 0xffffffffu));
}

TEST(Builder, operations_on_constants_are_evaluated) {
  Builder b(1);
  const NodeId three = b.int_constant(Type::i32, 3);
  const NodeId zero = b.int_constant(Type::i32, 0);
  EXPECT_EQ(b.binary(Op::isub, zero, three), b.int_constant(Type::i32, -3));
  EXPECT_EQ(b.binary(Op::idiv_s, three, zero), zero);
  EXPECT_EQ(b.convert(Op::itof_s, Type::f64, three), b.float_constant(Type::f64, 3));
  EXPECT_EQ(b.binary(Op::ilt_s, zero, three), b.constant(Type::b1, 1));
}

TEST(Builder, stores_are_never_shared) {
  Builder b(1);
  const auto x = b.input(Dtype::float32);
  const auto y = b.output(Dtype::float32);
  b.store(y, b.load(x));
  b.store(y, b.load(x));
  EXPECT_EQ(b.finish().nodes.size(), 3u);
}

TEST(Builder, a_later_stage_has_nodes_of_its_own) {
  Builder b(1, 1);
  const auto x = b.input(Dtype::float32);
  const NodeId first = b.load(x);
  const uint16_t sum = b.reduce(Reduction::sum, first);
  const uint16_t largest = b.reduce(Reduction::max, first);  // brought into its stage
  const Kernel kernel = b.finish();
  EXPECT_EQ(sum, 0);
  EXPECT_EQ(largest, 1);
  ASSERT_EQ(kernel.nodes.size(), 2u);
  EXPECT_EQ(kernel.stages[1].value, 1u);
  EXPECT_EQ(kernel.nodes[0], kernel.nodes[1]);
}

TEST(Builder, stages_cover_the_nodes) {
  Builder b(1, 1);
  const auto x = b.input(Dtype::float32);
  const auto y = b.output(Dtype::float32);
  const auto sum = b.reduce(Reduction::sum, b.load(x));
  b.begin_map(Extent::row);
  b.store(y, b.stage_result(sum));
  const Kernel kernel = b.finish();
  ASSERT_EQ(kernel.stages.size(), 2u);
  EXPECT_EQ(kernel.stages[0].end, kernel.stages[1].begin);
  EXPECT_EQ(kernel.stages[1].end, kernel.nodes.size());
  EXPECT_EQ(kernel.stages[1].extent, Extent::row);
}

TEST(Builder, refuses_operands_of_the_wrong_type) {
  Builder b(1);
  const NodeId one = b.int_constant(Type::i32, 1);
  const NodeId half = b.float_constant(Type::f32, 0.5);
  EXPECT_THROW(b.binary(Op::add, one, half), InternalError);
  EXPECT_THROW(b.unary(Op::sqrt, one), InternalError);
  EXPECT_THROW(b.convert(Op::itof_s, Type::i64, one), InternalError);
}

TEST(Carrier, signedness_chooses_the_operation) {
  Builder b(1);
  const IntValue x{{&b, b.load(b.input(Dtype::int32))}, true};
  const IntValue y{{&b, b.load(b.input(Dtype::int32))}, true};
  const IntValue u{{&b, x.node}, false};
  const IntValue v{{&b, y.node}, false};
  EXPECT_EQ(b.kernel().nodes[div(x, y).node].op, Op::idiv_s);
  EXPECT_EQ(b.kernel().nodes[div(u, v).node].op, Op::idiv_u);
  EXPECT_EQ(b.kernel().nodes[(x >> y).node].op, Op::sar);
  EXPECT_EQ(b.kernel().nodes[(u >> v).node].op, Op::shr);
  EXPECT_EQ(b.kernel().nodes[(u < v).node].op, Op::ilt_u);
  EXPECT_EQ(b.kernel().nodes[to_float(u).node].op, Op::itof_u);
}

TEST(Carrier, a_leaf_is_one_call_unless_expanded) {
  const auto leaf = static_cast<uint16_t>(op_table::LeafId::exp);
  Builder whole(1);
  const FloatValue x{{&whole, whole.load(whole.input(Dtype::float32))}};
  const Node& call = whole.kernel().nodes[op_table::exp(x).node];
  EXPECT_EQ(call.op, Op::call);
  EXPECT_EQ(call.slot, leaf);

  Builder expanded(1);
  expanded.expand_leaves = true;
  const FloatValue y{{&expanded, expanded.load(expanded.input(Dtype::float32))}};
  const NodeId direct = op_table::exp(y).node;
  EXPECT_EQ(expanded.kernel().nodes[direct].op, Op::ldexp);
  EXPECT_EQ(expand_leaf(expanded, leaf, std::span(&y.node, 1)), direct);
}

}  // namespace
}  // namespace tandem::kernel
