#include "tandem/backends/cuda/text/keep.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "kernels.h"
#include "tandem/backends/cuda/text/launch_plan.h"
#include "tandem/backends/cuda/text/print_kernel.h"
#include "tandem/base/error.h"

namespace tandem::backends::cuda {
namespace {

using kernel::Builder;
using kernel::Kernel;
using kernel::NodeId;
using kernel::Op;
using kernel::Reduction;
using ::testing::HasSubstr;
using ::testing::Not;

// Softmax by rows; `again`: with everything written anew in each stage.
Kernel softmax(bool again, Dtype dtype = Dtype::float32) {
  Builder b(1, 1);
  const uint16_t in = b.input(dtype);
  const uint16_t out = b.output(dtype);
  const NodeId x = b.load(in);
  const uint16_t most = b.reduce(Reduction::max, x);
  const auto numerator = [&](NodeId loaded) {
    return call_exp(b, b.binary(Op::sub, loaded, b.stage_result(most)));
  };
  const NodeId e = numerator(again ? b.load(in) : x);
  const uint16_t total = b.reduce(Reduction::sum, e);
  b.store(out, b.binary(Op::div, again ? numerator(b.load(in)) : e, b.stage_result(total)));
  return b.finish();
}

Keeping keeping_of_kernel(const Kernel& kernel) {
  const Kernel shared = share_nodes(kernel);
  return keeping_of(shared, sweeps_of(shared));
}

TEST(Keep, TheExponentialTakesThePlaceOfItsArgument) {
  for (const bool again : {false, true}) {
    const Keeping keeping = keeping_of_kernel(softmax(again));
    ASSERT_EQ(keeping.values.size(), 2u) << again;
    EXPECT_EQ(keeping.values[0].first, 0);
    EXPECT_EQ(keeping.values[0].last, 1);
    EXPECT_EQ(keeping.values[1].first, 1);
    EXPECT_EQ(keeping.values[1].last, 2);
    EXPECT_EQ(keeping.values[0].word, keeping.values[1].word);
    EXPECT_EQ(keeping.words, 1);
  }
}

TEST(Keep, EachElementIsLoadedOnce) {
  const std::string text = print_kernel(softmax(true), {Schedule::row_block, true, true});
  const auto loads = [&](const std::string& of) {
    size_t count = 0;
    for (size_t at = of.find("((float*)a.b0)"); at != std::string::npos;
         at = of.find("((float*)a.b0)", at + 1)) {
      ++count;
    }
    return count;
  };
  EXPECT_EQ(loads(text), 1u);
  EXPECT_EQ(loads(print_kernel(softmax(true), {Schedule::row_block, true, false})), 3u);
}

TEST(Keep, NothingOfAPlainReduction) {
  EXPECT_EQ(kept_words(row_sum(), Schedule::row_block), 0);
  EXPECT_EQ(kept_words(softmax(false), Schedule::row_warp), 1);
  EXPECT_THROW((void)print_kernel(row_sum(), {Schedule::row_block, false, true}), InternalError);
}

// Values of 8 bytes lie before those of 4, at even places.
TEST(Keep, WideValuesStayAligned) {
  Builder b(1, 1);
  const NodeId narrow = b.load(b.input(Dtype::float32));
  const NodeId wide = b.load(b.input(Dtype::int64));
  const uint16_t most = b.reduce(Reduction::max, narrow);
  const uint16_t sum = b.reduce(Reduction::sum, wide);
  b.store(b.output(Dtype::float32), b.binary(Op::sub, narrow, b.stage_result(most)));
  b.store(b.output(Dtype::int64), b.binary(Op::isub, wide, b.stage_result(sum)));
  const Keeping keeping = keeping_of_kernel(b.finish());
  ASSERT_EQ(keeping.values.size(), 2u);
  EXPECT_EQ(keeping.words, 3);
  for (const KeptValue& value : keeping.values) {
    EXPECT_EQ(value.word, value.node == wide ? 0 : 2);
  }
}

TEST(Keep, IsChosenWhileARowFitsSharedMemory) {
  const Kernel kernel = softmax(false);
  const auto chosen = [&](int64_t elements) {
    const Shape shape(kernel, {512, elements}, {{elements, 1}, {elements, 1}});
    return choose_options(kernel, shape.arguments(), 132);
  };
  EXPECT_TRUE(chosen(1000).keep);
  EXPECT_EQ(chosen(1000).schedule, Schedule::row_warp);
  EXPECT_TRUE(chosen(4096).keep);
  EXPECT_EQ(chosen(4096).warps, 8);
  EXPECT_TRUE(chosen(32768).keep);
  EXPECT_EQ(chosen(32768).warps, 32);
  EXPECT_FALSE(chosen(100'000).keep);
  EXPECT_EQ(chosen(100'000).warps, 8);
  const Shape shape(kernel, {512, 4095}, {{4095, 1}, {4095, 1}});
  const TextOptions options{Schedule::row_block, false, true};
  EXPECT_EQ(plan_launch(kernel, options, shape.arguments(), 132).shared_bytes, 4096u * 4);
}

TEST(PrintKernel, ABoundThatIsNoNaNTakesOneComparison) {
  const auto text_of = [](double bound) {
    Builder b(1);
    const NodeId x = b.load(b.input(Dtype::float32));
    b.store(b.output(Dtype::float32),
            b.binary(Op::min, x, b.float_constant(kernel::Type::f32, bound)));
    return print_kernel(b.finish(), {});
  };
  EXPECT_THAT(text_of(89), HasSubstr("(v0 >= __uint_as_float(0x42b20000u) ? "));
  EXPECT_THAT(text_of(89), Not(HasSubstr("v0 != v0")));
  EXPECT_THAT(text_of(std::numeric_limits<double>::quiet_NaN()), HasSubstr("v0 != v0"));
}

}  // namespace
}  // namespace tandem::backends::cuda
