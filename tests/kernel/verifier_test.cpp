#include "tandem/kernel/verify/verifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "tandem/base/error.h"
#include "tandem/kernel/builder.h"
#include "tandem/kernel/defects.h"
#include "tandem/kernel/rows/emit_row.h"
#include "tandem/kernel/text/printer.h"
#include "tandem/op_table/scalar_math.h"

namespace tandem::kernel {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// v0 load, v1 exp, v2 mul | reduce max v2 | v3 stage_result, v4 round, v5 store
constexpr std::string_view kText = R"(kernel parallel 1 reduced 1
buffer b0 float32 general
buffer b1 float16 general written
buffer b2 int64 general
param p0 f32
stage s0 map element
v0 = load f32 b0
v1 = param f32 p0
v2 = mul f32 v0 v1
stage s1 reduce max element value v3
v3 = add f32 v2 v2
stage s2 map row
v4 = stage_result f32 s1
v5 = round_f16 f32 v4
v6 = store f32 b1 v5
)";

std::vector<std::string> broken(const std::function<void(Kernel&)>& damage) {
  Kernel kernel = parse(kText);
  damage(kernel);
  return verify(kernel);
}

TEST(Verifier, accepts_the_kernel_that_the_others_damage) {
  EXPECT_THAT(verify(parse(kText)), ElementsAre());
}

struct Case {
  std::string invariant, message;
  std::function<void(Kernel&)> damage;
};

class VerifierRejects : public ::testing::TestWithParam<Case> {};

TEST_P(VerifierRejects, malformed_kernel) {
  const Case& c = GetParam();
  EXPECT_THAT(broken(c.damage),
              Contains(::testing::AllOf(StartsWith(c.invariant + ": "), HasSubstr(c.message))));
}

Node binary(Op op, Type type, NodeId a, NodeId b) {
  return {.op = op, .type = type, .input_count = 2, .in = {a, b, kNoNode, kNoNode}};
}

INSTANTIATE_TEST_SUITE_P(
    Invariants, VerifierRejects,
    ::testing::Values(
        Case{"enumerators", "node 0", [](Kernel& k) { k.nodes[0].op = Op(200); }},
        Case{"enumerators", "stage 1", [](Kernel& k) { k.stages[1].reduction = Reduction(9); }},
        Case{"enumerators", "buffer 0", [](Kernel& k) { k.buffers[0].dtype = Dtype(14); }},
        Case{"enumerators", "parameter 0", [](Kernel& k) { k.params[0] = Type(5); }},
        Case{"stage_cover", "stage 1 is [2, 4)", [](Kernel& k) { k.stages[1].begin = 2; }},
        Case{"stage_cover", "the stages end at 6", [](Kernel& k) { k.stages[2].end = 6; }},
        Case{"stage_cover", "no stage", [](Kernel& k) { k.stages.clear(); }},
        Case{"stage_extent", "reduces over a row",
             [](Kernel& k) {
               k.nodes[3] = {.op = Op::constant, .type = Type::f32};
               k.stages[1].extent = Extent::row;
             }},
        Case{"stage_extent", "needs reduced axes",
             [](Kernel& k) { k.parallel_rank = 2, k.reduced_rank = 0; }},
        Case{"stage_value", "stage 1 reduces node 2", [](Kernel& k) { k.stages[1].value = 2; }},
        Case{"stage_value", "stage 0 is a map", [](Kernel& k) { k.stages[0].value = 2; }},
        Case{"reduction_type", "takes f32", [](Kernel& k) { k.stages[1].reduction = Reduction::any; }},
        Case{"reduction_type", "takes f32",
             [](Kernel& k) {
               k.stages[1].kind = StageKind::scan;
               k.stages[1].reduction = Reduction::argmin;
             }},
        Case{"operand_count", "mul has 1 operands, expected 2",
             [](Kernel& k) { k.nodes[2].input_count = 1; }},
        Case{"operand_count", "operand 2 is not used", [](Kernel& k) { k.nodes[2].in[2] = 0; }},
        Case{"operand_order", "node 2: operand 1 is node 3", [](Kernel& k) { k.nodes[2].in[1] = 3; }},
        Case{"operand_order", "not yet defined", [](Kernel& k) { k.nodes[2].in[0] = 99; }},
        Case{"operand_visibility", "node 5: operand 0 is of stage 1",
             [](Kernel& k) { k.nodes[5].in[0] = 3; }},
        Case{"operand_value", "is a store",
             [](Kernel& k) {
               k.nodes.push_back(binary(Op::add, Type::f32, 6, 6));
               k.stages[2].end = 8;
             }},
        Case{"operand_types", "iadd of (f32, f32) does not give f32",
             [](Kernel& k) { k.nodes[2].op = Op::iadd; }},
        Case{"operand_types", "does not give f64", [](Kernel& k) { k.nodes[2].type = Type::f64; }},
        Case{"operand_types", "parameter 0 is f32", [](Kernel& k) { k.nodes[1].type = Type::i32; }},
        Case{"operand_types", "stage 1 gives f32", [](Kernel& k) { k.nodes[4].type = Type::i64; }},
        Case{"operand_types", "the index is f32",
             [](Kernel& k) {
               k.nodes[2] = {.op = Op::load_at, .type = Type::f32, .input_count = 1,
                             .in = {1, kNoNode, kNoNode, kNoNode}};
             }},
        Case{"operand_types", "index gives i64",
             [](Kernel& k) { k.nodes[1] = {.op = Op::index, .type = Type::f32}; }},
        Case{"operand_types", "does not take i64",
             [](Kernel& k) {
               k.nodes[1] = {.op = Op::load, .type = Type::i64, .slot = 2};
               k.nodes[2] = {.op = Op::call, .type = Type::i64, .input_count = 1,
                             .slot = uint16_t(op_table::LeafId::exp),
                             .in = {1, kNoNode, kNoNode, kNoNode}};
             }},
        Case{"slot_range", "load of number 3", [](Kernel& k) { k.nodes[0].slot = 3; }},
        Case{"slot_range", "param of number 1", [](Kernel& k) { k.nodes[1].slot = 1; }},
        Case{"slot_range", "stage_result of number 3", [](Kernel& k) { k.nodes[4].slot = 3; }},
        Case{"slot_range", "index of number 2",
             [](Kernel& k) { k.nodes[1] = {.op = Op::index, .type = Type::i64, .slot = 2}; }},
        Case{"slot_range", "call of number 60000",
             [](Kernel& k) {
               k.nodes[2] = {.op = Op::call, .input_count = 1, .slot = 60000,
                             .in = {1, kNoNode, kNoNode, kNoNode}};
             }},
        Case{"stage_reference", "stage 0 is no earlier Reduce",
             [](Kernel& k) { k.nodes[4].slot = 0; }},
        Case{"stage_reference", "a row cannot read the scan",
             [](Kernel& k) { k.stages[1].kind = StageKind::scan; }},
        Case{"row_index", "axis 1 is reduced",
             [](Kernel& k) { k.nodes[4] = {.op = Op::index, .type = Type::i64, .slot = 1}; }},
        Case{"memory_types", "load of int64, expected i64", [](Kernel& k) { k.nodes[0].slot = 2; }},
        Case{"complex_part", "part 1 of float32", [](Kernel& k) { k.nodes[0].part = 1; }},
        Case{"complex_part", "mul has part 1", [](Kernel& k) { k.nodes[2].part = 1; }},
        Case{"written_buffers", "load of buffer 0", [](Kernel& k) { k.buffers[0].written = true; }},
        Case{"written_buffers", "store of buffer 1", [](Kernel& k) { k.buffers[1].written = false; }},
        Case{"store_count", "buffer 1 is stored 2 times",
             [](Kernel& k) {
               k.nodes.push_back(k.nodes[6]);
               k.stages[2].end = 8;
             }},
        Case{"store_count", "buffer 2 is stored 0 times",
             [](Kernel& k) { k.buffers[2].written = true; }},
        Case{"stored_rounding", "may not be one of float16",
             [](Kernel& k) { k.nodes[5].op = Op::round_bf16; }},
        Case{"canonical_fields", "mul has bits", [](Kernel& k) { k.nodes[2].bits = 1; }},
        Case{"canonical_fields", "mul has bits or a slot", [](Kernel& k) { k.nodes[2].slot = 1; }},
        Case{"canonical_fields", "stage 1 is no scan", [](Kernel& k) { k.stages[1].reverse = true; }},
        Case{"canonical_fields", "stage 1 is unsigned",
             [](Kernel& k) { k.stages[1].is_unsigned = true; }},
        Case{"canonical_fields", "stage 0 is a map",
             [](Kernel& k) { k.stages[0].reduction = Reduction::max; }},
        Case{"canonical_fields", "constant has bits",
             [](Kernel& k) {
               k.nodes[1] = {.op = Op::constant, .type = Type::f32, .bits = uint64_t{1} << 40};
             }}),
    [](const auto& test) { return test.param.invariant + "_" + std::to_string(test.index); });

TEST(Verifier, complex_buffers_need_both_parts_stored) {
  Builder b(1);
  const auto x = b.input(Dtype::complex64);
  const auto y = b.output(Dtype::complex64);
  b.store(y, b.load(x, 0), 0);
  EXPECT_THAT(verify(b.finish()), ElementsAre(HasSubstr("part 1 of buffer 1 is stored 0 times")));
}

TEST(Verifier, check_kernel_raises_with_the_text) {
  EXPECT_NO_THROW(check_kernel(parse(kText)));
  Kernel kernel = parse(kText);
  kernel.nodes[2].op = Op::iadd;
  try {
    check_kernel(kernel);
    FAIL();
  } catch (const InternalError& error) {
    EXPECT_THAT(error.what(), StartsWith("[kernel] operand_types: node 2: iadd of (f32, f32)"));
    EXPECT_THAT(error.what(), HasSubstr("v2 = iadd f32 v0 v1\n"));
  }
}

// What may be stored to a narrow dtype without Round or Wrap.
TEST(Representable, follows_values_through_operations_that_stay_inside) {
  const auto verdict = [](Dtype in, Dtype out, const std::function<NodeId(Builder&, NodeId)>& f) {
    Builder b(1);
    const auto x = b.input(in);
    b.store(b.output(out), f(b, b.load(x)));
    return verify(b.finish()).empty();
  };
  const auto same = [](Builder&, NodeId x) { return x; };
  EXPECT_TRUE(verdict(Dtype::int8, Dtype::int16, same));
  EXPECT_TRUE(verdict(Dtype::uint8, Dtype::int16, same));
  EXPECT_FALSE(verdict(Dtype::int16, Dtype::int8, same));
  EXPECT_FALSE(verdict(Dtype::int8, Dtype::uint16, same));
  EXPECT_FALSE(verdict(Dtype::float16, Dtype::bfloat16, same));
  const auto negated = [](Builder& b, NodeId x) { return b.unary(Op::neg, x); };
  EXPECT_TRUE(verdict(Dtype::float16, Dtype::float16, negated));
  const auto doubled = [](Builder& b, NodeId x) { return b.binary(Op::add, x, x); };
  EXPECT_FALSE(verdict(Dtype::float16, Dtype::float16, doubled));
  const auto inverted = [](Builder& b, NodeId x) { return b.unary(Op::not_, x); };
  EXPECT_TRUE(verdict(Dtype::int8, Dtype::int8, inverted));
  EXPECT_FALSE(verdict(Dtype::uint8, Dtype::uint8, inverted));
  const auto masked = [](Builder& b, NodeId x) {
    return b.binary(Op::and_, x, b.int_constant(Type::i32, 200));
  };
  EXPECT_TRUE(verdict(Dtype::int32, Dtype::uint8, masked));
  EXPECT_FALSE(verdict(Dtype::int32, Dtype::int8, masked));
  const auto constant = [](Builder& b, NodeId) { return b.float_constant(Type::f32, 0.1); };
  EXPECT_FALSE(verdict(Dtype::float16, Dtype::float16, constant));
}

TEST(Representable, gives_up_on_what_is_too_large_to_see_through) {
  Builder b(1);
  NodeId value = b.load(b.input(Dtype::int8));
  for (int i = 0; i < 40; ++i)
    value = b.binary(Op::imax_s, value, b.binary(Op::imin_s, value, value));
  EmittedValue result{{value, kNoNode}, Dtype::int8};
  emit_store(b, b.output(Dtype::int8), result);
  const Kernel kernel = b.finish();
  EXPECT_TRUE(verify(kernel).empty());
  EXPECT_EQ(kernel.nodes[kernel.nodes.size() - 2].op, Op::wrap_s8);
}

}  // namespace
}  // namespace tandem::kernel
