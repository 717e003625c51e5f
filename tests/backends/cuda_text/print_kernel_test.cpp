#include "tandem/backends/cuda/text/print_kernel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "kernels.h"
#include "tandem/base/error.h"
#include "tandem/kernel/fuzz/generator.h"

namespace tandem::backends::cuda {
namespace {

using kernel::Builder;
using kernel::Kernel;
using kernel::NodeId;
using kernel::Op;
using kernel::Type;
using ::testing::HasSubstr;
using ::testing::Not;

size_t count_of(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

bool is_balanced(const std::string& text) {
  int depth = 0;
  for (const char c : text) {
    depth += (c == '(' || c == '{' || c == '[') - (c == ')' || c == '}' || c == ']');
    if (depth < 0) return false;
  }
  return depth == 0;
}

TEST(PrintKernel, RandomKernelsUnderEverySchedule) {
  std::map<Schedule, int> seen;
  for (uint64_t seed = 1; seed <= 400; ++seed) {
    const Kernel kernel = kernel::fuzz::random_case(seed).kernel;
    for (const Schedule schedule : schedules_of(kernel)) {
      for (const bool narrow : {false, true}) {
        const std::string text = print_kernel(kernel, {schedule, narrow});
        EXPECT_TRUE(is_balanced(text)) << seed;
        EXPECT_EQ(count_of(text, "__global__"), 1u) << seed;
        EXPECT_EQ(text, print_kernel(kernel, {schedule, narrow})) << seed;
        ++seen[schedule];
      }
    }
  }
  EXPECT_EQ(seen.size(), static_cast<size_t>(kScheduleCount));
}

TEST(PrintKernel, HasNoHeadersAndNoContraction) {
  const std::string text = print_kernel(exp_chain(1), {});
  EXPECT_THAT(text, Not(HasSubstr("#include")));
  const auto options = compile_options();
  EXPECT_TRUE(std::ranges::any_of(
      options, [](const char* option) { return std::string_view(option) == "--fmad=false"; }));
}

TEST(PrintKernel, RepeatedPiecesAreALoop) {
  const std::string text = print_kernel(exp_chain(500), {});
  EXPECT_THAT(text, HasSubstr("round < 500"));
  EXPECT_EQ(count_of(text, "= exp_f32("), 1u);
  EXPECT_LT(text.size(), 5000u);
}

// Scalars of a loop written in Python are a parameter each.
TEST(PrintKernel, ALoopReadsTheParametersOfItsRound) {
  Builder b(1);
  NodeId x = b.load(b.input(Dtype::float32));
  for (int i = 0; i < 200; ++i) {
    x = b.binary(Op::mul, x, b.param(b.add_param(Type::f32)));
    x = call_exp(b, b.binary(Op::add, x, b.param(b.add_param(Type::f32))));
  }
  b.store(b.output(Dtype::float32), x);
  const std::string text = print_kernel(b.finish(), {});
  EXPECT_THAT(text, HasSubstr("p[400];"));
  EXPECT_THAT(text, HasSubstr("round < 199"));
  EXPECT_THAT(text, HasSubstr("a.p[2 + 2 * round]"));
  EXPECT_THAT(text, HasSubstr("a.p[3 + 2 * round]"));
  EXPECT_LT(text.size(), 5000u);
}

TEST(PrintKernel, FewPiecesAreAStraightLine) {
  const std::string text = print_kernel(exp_chain(3), {});
  EXPECT_THAT(text, Not(HasSubstr("round")));
  EXPECT_EQ(count_of(text, "= exp_f32("), 3u);
}

// A loop ends where what a piece gives is used beyond the next one.
TEST(PrintKernel, APieceUsedLaterEndsItsLoop) {
  Builder b(1);
  NodeId x = b.load(b.input(Dtype::float32));
  NodeId middle = x;
  for (int i = 0; i < 40; ++i) {
    x = call_exp(b, x);
    if (i == 20) middle = x;
  }
  b.store(b.output(Dtype::float32), b.binary(Op::add, x, middle));
  const std::string text = print_kernel(b.finish(), {});
  EXPECT_THAT(text, HasSubstr("round < 21"));
  EXPECT_THAT(text, HasSubstr("round < 18"));
  EXPECT_THAT(text, HasSubstr("(w22 + w0)"));
}

TEST(PrintKernel, ALeafCalledOftenIsOutOfLine) {
  for (const int calls : {8, 9}) {
    Builder each(1);
    const NodeId loaded = each.load(each.input(Dtype::float32));
    for (int i = 0; i < calls; ++i) {
      const NodeId shifted =
          each.binary(i % 2 == 0 ? Op::add : Op::mul, loaded,
                      each.float_constant(Type::f32, 1.0 + static_cast<double>(i * i)));
      each.store(each.output(Dtype::float32), call_exp(each, shifted));
    }
    const std::string text = print_kernel(each.finish(), {});
    EXPECT_EQ(count_of(text, "__noinline__ float exp_f32"), calls > 8 ? 1u : 0u) << calls;
    EXPECT_EQ(count_of(text, "float exp_f32("), 1u);
  }
}

TEST(PrintKernel, FloatsAreTheirBits) {
  Builder b(1);
  const NodeId x = b.load(b.input(Dtype::float32));
  b.store(b.output(Dtype::float32), b.binary(Op::mul, x, b.float_constant(Type::f32, 0.1)));
  EXPECT_THAT(print_kernel(b.finish(), {}), HasSubstr("__uint_as_float(0x3dcccccdu)"));
}

TEST(PrintKernel, AbsentElementsOfASumAreNegativeZero) {
  const std::string text = print_kernel(row_sum(), {Schedule::row_block});
  EXPECT_THAT(text, HasSubstr("absent() { return __uint_as_float(0x80000000u)"));
  EXPECT_THAT(text, HasSubstr("identity() { return __uint_as_float(0x0u)"));
}

TEST(PrintKernel, RaisesForAScheduleThatDoesNotFit) {
  EXPECT_THROW((void)print_kernel(exp_chain(1), {Schedule::row_block}), InternalError);
  EXPECT_THROW((void)print_kernel(row_scan(), {Schedule::row_split}), InternalError);
}

TEST(Schedules, WhatDependsOnARowsResultCannotBeSplit) {
  EXPECT_EQ(schedules_of(exp_chain(2)), (std::vector{Schedule::map}));
  EXPECT_EQ(schedules_of(row_scan()), (std::vector{Schedule::row_block}));
  EXPECT_EQ(schedules_of(shifted_rows()), (std::vector{Schedule::row_block, Schedule::row_warp}));
  EXPECT_EQ(schedules_of(row_sum()), (std::vector{Schedule::row_block, Schedule::row_warp,
                                                  Schedule::row_split, Schedule::columns}));
}

}  // namespace
}  // namespace tandem::backends::cuda
