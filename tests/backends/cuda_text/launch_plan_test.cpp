#include "tandem/backends/cuda/text/launch_plan.h"

#include <gtest/gtest.h>

#include "kernels.h"
#include "tandem/backends/cuda/text/arguments.h"
#include "tandem/base/error.h"

namespace tandem::backends::cuda {
namespace {

using kernel::Kernel;

constexpr int kMultiprocessors = 132;

TextOptions chosen(const Kernel& kernel, const std::vector<int64_t>& extents,
                   const std::vector<std::vector<int64_t>>& strides) {
  const Shape shape(kernel, extents, strides);
  return choose_options(kernel, shape.arguments(), kMultiprocessors);
}

TEST(ChooseOptions, ByShape) {
  const Kernel sum = row_sum();
  const auto rows = [](int64_t n, int64_t r) {
    return std::pair(std::vector<int64_t>{n, r}, std::vector<std::vector<int64_t>>{{r, 1}, {1, 0}});
  };
  const auto schedule = [&](int64_t n, int64_t r) {
    const auto [extents, strides] = rows(n, r);
    return chosen(sum, extents, strides).schedule;
  };
  EXPECT_EQ(schedule(1 << 20, 256), Schedule::row_warp);
  EXPECT_EQ(schedule(3, 1024), Schedule::row_warp);
  EXPECT_EQ(schedule(65536, 4096), Schedule::row_block);
  EXPECT_EQ(schedule(1, 1 << 28), Schedule::row_split);
  EXPECT_EQ(schedule(16, 1 << 24), Schedule::row_split);
  EXPECT_EQ(chosen(sum, {16384, 16384}, {{1, 16384}, {1, 0}}).schedule, Schedule::columns);
  EXPECT_EQ(chosen(exp_chain(1), {1 << 20}, {{1}, {1}}).schedule, Schedule::map);
}

TEST(ChooseOptions, PositionsAreWideWhereTheyMustBe) {
  const Kernel sum = row_sum();
  EXPECT_TRUE(chosen(sum, {1000, 1000}, {{1000, 1}, {1, 0}}).narrow_index);
  EXPECT_FALSE(chosen(sum, {1 << 16, 1 << 16}, {{1 << 16, 1}, {1, 0}}).narrow_index);
  EXPECT_FALSE(chosen(sum, {1000, 1000}, {{int64_t{1} << 24, 1}, {1, 0}}).narrow_index);
  EXPECT_FALSE(chosen(sum, {int64_t{1} << 40, int64_t{1} << 40}, {{0, 0}, {0, 0}}).narrow_index);
  // A stride along an axis of one point moves nothing.
  EXPECT_TRUE(chosen(sum, {1, 1000}, {{int64_t{1} << 50, 1}, {1, 0}}).narrow_index);
}

TEST(PlanLaunch, EveryPointHasAThread) {
  const Kernel kernel = exp_chain(1);
  for (const int64_t n : {0, 1, 255, 1024, 1025, 1'000'000}) {
    const Shape shape(kernel, {n}, {{1}, {1}});
    const LaunchPlan plan = plan_launch(kernel, {}, shape.arguments(), kMultiprocessors);
    EXPECT_GE(int64_t{plan.grid} * plan.block * 4, n);
    EXPECT_EQ(plan.grid == 0, n == 0);
    EXPECT_EQ(plan.scratch_bytes, 0u);
  }
}

TEST(PlanLaunch, GroupsAreAlignedAndCoverTheRow) {
  const Kernel kernel = row_sum();
  for (const Schedule schedule : {Schedule::row_split, Schedule::columns}) {
    for (const int64_t rows : {1, 33, 5000}) {
      for (const int64_t elements : {0, 1, 1024, 1025, 70'000, 30'000'000}) {
        const Shape shape(kernel, {rows, elements}, {{elements, 1}, {1, 0}});
        const TextOptions options{schedule, false};
        const LaunchPlan plan = plan_launch(kernel, options, shape.arguments(), kMultiprocessors);
        const int64_t chunks = std::max<int64_t>(1, (elements + 1023) / 1024);
        EXPECT_EQ(plan.group_chunks & (plan.group_chunks - 1), 0);
        EXPECT_GE(plan.groups * plan.group_chunks, chunks);
        EXPECT_LT((plan.groups - 1) * plan.group_chunks, chunks);
        EXPECT_GE(plan.scratch_bytes, plan.zeroed_bytes + static_cast<size_t>(rows) * 16);
      }
    }
  }
}

TEST(PlanLaunch, RefusesWhatTheTextCannotDo) {
  const Kernel kernel = row_sum();
  const Shape shape(kernel, {4, 1025}, {{1025, 1}, {1, 0}});
  EXPECT_THROW((void)plan_launch(kernel, {Schedule::row_warp, false}, shape.arguments(), 1),
               InternalError);
}

TEST(PackArguments, WordsFollowTheStructOfTheText) {
  const Kernel kernel = row_sum();
  const Shape shape(kernel, {3, 70}, {{-70, 1}, {2, 0}});
  const TextOptions options{Schedule::row_split, true};
  const LaunchPlan plan = plan_launch(kernel, options, shape.arguments(), kMultiprocessors);
  const auto words = argument_words(kernel, options);
  const auto packed =
      pack_arguments(kernel, options, shape.arguments(), plan, reinterpret_cast<void*>(0x77));
  ASSERT_EQ(words.size(), packed.size());
  std::string text;
  for (size_t i = 0; i < words.size(); ++i) {
    text += name_of(words[i]) + "=" + std::to_string(static_cast<int64_t>(packed[i])) + " ";
  }
  EXPECT_EQ(text,
            "extent0=3 extent1=70 rows=3 row_elements=70 elements=210 groups=1 group_chunks=8 "
            "scratch=119 b0=4096 b0_s0=-70 b0_s1=1 b1=8192 b1_s0=2 ");
}

}  // namespace
}  // namespace tandem::backends::cuda
