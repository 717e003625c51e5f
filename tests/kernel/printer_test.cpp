#include "tandem/kernel/text/printer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tandem/base/error.h"
#include "tandem/kernel/builder.h"
#include "tandem/kernel/rows/emit_row.h"
#include "tandem/op_table/op.h"

namespace tandem::kernel {
namespace {

TEST(Printer, writes_one_line_per_part) {
  Builder b(1, 1);
  const auto x = b.input(Dtype::float32);
  const auto y = b.output(Dtype::float16, Access::contiguous);
  const auto p = b.add_param(Type::f32);
  const NodeId a = b.load(x);
  const auto sum = b.reduce(Reduction::sum, b.binary(Op::mul, a, b.param(p)));
  b.begin_map(Extent::row);
  const NodeId result = b.stage_result(sum);
  const NodeId largest = b.binary(Op::max, result, b.float_constant(Type::f32, 0.5));
  b.store(y, b.unary(Op::round_f16, largest));
  EXPECT_EQ(print(b.finish()), R"(kernel parallel 1 reduced 1
buffer b0 float32 general
buffer b1 float16 contiguous written
param p0 f32
stage s0 reduce sum element value v2
v0 = load f32 b0
v1 = param f32 p0
v2 = mul f32 v0 v1
stage s1 map row
v3 = stage_result f32 s0
v4 = constant f32 0x3f000000  # 0.5
v5 = max f32 v3 v4
v6 = round_f16 f32 v5
v7 = store f32 b1 v6
)");
}

TEST(Parser, reads_back_the_kernel_of_every_row_and_dtype) {
  op_table::for_each_row([](auto row) {
    using R = decltype(row);
    for (int d = 0; d < kDtypeCount; ++d) {
      std::vector<Dtype> dtypes(R::arity, Dtype(d));
      if (R::info.first_is_mask) dtypes[0] = Dtype::bool_;
      op_table::Signature signature;
      try {
        signature = op_table::infer(R::id, dtypes);
      } catch (const DTypeError&) {
        continue;
      }
      Builder b(2);
      std::vector<EmittedValue> inputs;
      for (Dtype dtype : dtypes) inputs.push_back(emit_load(b, b.input(dtype), dtype));
      const EmittedValue result = emit_row(b, R::id, inputs, signature);
      emit_store(b, b.output(signature.result), result);
      const Kernel kernel = b.finish();
      EXPECT_EQ(parse(print(kernel)), kernel) << print(kernel);
    }
  });
}

TEST(Parser, reads_scans_relaxations_and_comments) {
  const std::string text = R"(# a comment

kernel parallel 0 reduced 2
relax 0x6
buffer b0 uint32 scalar
stage s0 scan max element value v0 unsigned reverse exclusive
v0 = load i32 b0   # the value
)";
  const Kernel kernel = parse(text);
  EXPECT_EQ(kernel.relax, kContract | kNativeLeaves);
  ASSERT_EQ(kernel.stages.size(), 1u);
  EXPECT_TRUE(kernel.stages[0].is_unsigned && kernel.stages[0].reverse &&
              kernel.stages[0].exclusive);
  EXPECT_EQ(kernel.buffers[0].access, Access::scalar);
  EXPECT_EQ(parse(print(kernel)), kernel);
}

struct BadText {
  std::string text, message;
};

class ParserRejects : public ::testing::TestWithParam<BadText> {};

TEST_P(ParserRejects, with_line_and_text) {
  try {
    parse(GetParam().text);
    FAIL() << "accepted";
  } catch (const ArgumentError& error) {
    EXPECT_EQ(error.what(), "[parse_kernel] " + GetParam().message);
  }
}

const std::string kHead = "kernel parallel 1 reduced 0\n";
const std::string kStage = kHead + "stage s0 map element\n";

INSTANTIATE_TEST_SUITE_P(
    Texts, ParserRejects,
    ::testing::Values(
        BadText{"", "there is no 'kernel' line: got no text"},
        BadText{"stage s0 map row", "'kernel' is expected: got line 1 \"stage s0 map row\""},
        BadText{kHead + "buffer b0 float8 general",
                "'float8' is no dtype: got line 2 \"buffer b0 float8 general\""},
        BadText{kHead + "buffer b1 int8 general",
                "number 1 is out of order: got line 2 \"buffer b1 int8 general\""},
        BadText{kHead + "v0 = index i64 a0",
                "a stage is expected before the first node: got line 2 \"v0 = index i64 a0\""},
        BadText{kStage + "v0 = addd f32 v0 v0",
                "'addd' is no operation: got line 3 \"v0 = addd f32 v0 v0\""},
        BadText{kStage + "v0 = add f16 v0 v0",
                "'f16' is no type: got line 3 \"v0 = add f16 v0 v0\""},
        BadText{kStage + "v0 = add f32 v0 v1 v2 v3 v4",
                "there are too many operands: got line 3 \"v0 = add f32 v0 v1 v2 v3 v4\""},
        BadText{kStage + "v0 = constant f32 1.5",
                "'1.5' is no number up to 18446744073709551615: got line 3 "
                "\"v0 = constant f32 1.5\""},
        BadText{kStage + "v0 = call f32 expo v0",
                "'expo' is no leaf function: got line 3 \"v0 = call f32 expo v0\""},
        BadText{kStage + "v0 = load f32",
                "the line ends where a name is expected: got line 3 \"v0 = load f32\""},
        BadText{kHead + "relax 1 2", "'2' is too much: got line 2 \"relax 1 2\""},
        BadText{kHead + "stage s0 reduce sum element v0",
                "'value' is expected: got line 2 \"stage s0 reduce sum element v0\""}));

}  // namespace
}  // namespace tandem::kernel
