// Which values the passes of a kernel leave for later ones.
#include <gtest/gtest.h>

#include <cstdint>

#include "tandem/backends/common/interpreter/pass_plan.h"
#include "tandem/kernel/builder.h"
#include "tandem/op_table/op.h"
#include "tandem/op_table/scalar_math.h"

namespace tandem::backends::common::interpreter {
namespace {

using kernel::Builder;
using kernel::Kernel;
using kernel::NodeId;
using kernel::Op;
using kernel::Reduction;
using kernel::Type;

NodeId exp_of(Builder& b, NodeId x) {
  const NodeId inputs[] = {x};
  return b.call(static_cast<uint16_t>(op_table::LeafId::exp), Type::f32, inputs);
}

// y - sum(y), with y computed from the input.
template <class F>
Kernel centred(F&& compute) {
  Builder b(1, 1);
  const uint16_t in = b.input(Dtype::float32);
  const uint16_t out = b.output(Dtype::float32);
  const NodeId y = compute(b, b.load(in));
  const uint16_t sum = b.reduce(Reduction::sum, y);
  b.store(out, b.binary(Op::sub, y, b.stage_result(sum)));
  return b.finish();
}

TEST(InterpreterPlan, CostlyValuesAreKept) {
  const Kernel kernel = centred([](Builder& b, NodeId x) { return exp_of(b, x); });
  const PassPlans plans = plan_passes(kernel, CrossPass::keep);
  ASSERT_EQ(plans.passes.size(), 2u);
  ASSERT_EQ(plans.kept.size(), 1u);
  EXPECT_EQ(plans.kept[0], Type::f32);
  ASSERT_EQ(plans.passes[0].keeps.size(), 1u);
  EXPECT_EQ(kernel.nodes[plans.passes[0].keeps[0]].op, Op::call);
  // The second pass reads it and nothing that it was computed from.
  for (const NodeId id : plans.passes[1].nodes) EXPECT_NE(kernel.nodes[id].op, Op::load);
}

TEST(InterpreterPlan, NothingIsKeptWhereThatIsNotWanted) {
  const Kernel kernel = centred([](Builder& b, NodeId x) { return exp_of(b, x); });
  EXPECT_TRUE(plan_passes(kernel, CrossPass::recompute).kept.empty());
}

TEST(InterpreterPlan, CheapValuesAreComputedAgain) {
  const Kernel kernel = centred([](Builder& b, NodeId x) { return b.binary(Op::mul, x, x); });
  EXPECT_TRUE(plan_passes(kernel, CrossPass::keep).kept.empty());
}

// A chain that depends on the parameter and the row's result alone is one vector, not a row.
TEST(InterpreterPlan, ValuesOfTheRowAreNotKept) {
  Builder b(1, 1);
  const uint16_t in = b.input(Dtype::float32);
  const uint16_t out = b.output(Dtype::float32);
  const uint16_t sum = b.reduce(Reduction::sum, b.load(in));
  const NodeId scale = exp_of(b, exp_of(b, b.stage_result(sum)));
  const uint16_t top = b.reduce(Reduction::max, b.binary(Op::mul, b.load(in), scale));
  b.store(out, b.binary(Op::sub, scale, b.stage_result(top)));
  EXPECT_TRUE(plan_passes(b.finish(), CrossPass::keep).kept.empty());
}

TEST(InterpreterPlan, ScansThatLaterPassesReadAreAlwaysKept) {
  Builder b(1, 1);
  const uint16_t in = b.input(Dtype::float32);
  const uint16_t out = b.output(Dtype::float32);
  const uint16_t scan = b.scan(Reduction::sum, b.load(in));
  const uint16_t top = b.reduce(Reduction::max, b.stage_result(scan));
  b.store(out, b.binary(Op::sub, b.stage_result(scan), b.stage_result(top)));
  const Kernel kernel = b.finish();
  for (const CrossPass values : {CrossPass::recompute, CrossPass::keep}) {
    const PassPlans plans = plan_passes(kernel, values);
    EXPECT_EQ(plans.kept.size(), 1u);
    EXPECT_EQ(plans.scan_row[scan], 0);
  }
}

}  // namespace
}  // namespace tandem::backends::common::interpreter
